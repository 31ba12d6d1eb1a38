"""The pages of the town's three sites: a message board in HTML, a search in JSON, a feed in RSS.

Their shapes follow real ones: the board is a county's message board in a Chinese encoding that
its header does not name, the search is m.weibo.cn's container search, the feed plain RSS 2.0.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

from domain.clock import SHANGHAI
from gridvoice.demo.town import Town, TownPost
from gridvoice.demo.web import DemoPage

ROWS = 20  # of a list page
CARDS = 10  # of a search page


@dataclass(frozen=True, slots=True)
class Shown:
    """A post that can be read, with the time it was published and the moment it became readable."""

    post: TownPost
    published_at: datetime
    readable_at: datetime
    reply_at: datetime | None = None  # None: no reply to be seen yet


def list_time(moment: datetime, now: datetime) -> str:
    """As the list of a board writes it: 刚刚, 5分钟前, 今天 08:12, 昨天 12:30, 11-20."""
    local, today = moment.astimezone(SHANGHAI), now.astimezone(SHANGHAI)
    ago = now - moment
    if ago < timedelta(minutes=1):
        return "刚刚"
    if ago < timedelta(hours=1):
        return f"{int(ago.total_seconds() // 60)}分钟前"
    days = (today.date() - local.date()).days
    if days == 0:
        return f"今天 {local:%H:%M}"
    if days == 1:
        return f"昨天 {local:%H:%M}"
    if local.year == today.year:
        return f"{local.month}月{local.day}日"
    return f"{local:%Y-%m-%d}"


# ---- the board ----

_BOARD = """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "">
<html>
<head>
<meta http-equiv="Content-Type" content="text/html; charset=gb2312" />
<title>{title}</title>
<style>
body{{font:14px/1.8 "Microsoft YaHei",sans-serif;width:960px;margin:0 auto;color:#333}}
.head{{background:#a80000;color:#fff;padding:14px 20px;font-size:22px}}
.msg-list li{{list-style:none;border-bottom:1px dashed #ccc;padding:6px 0}}
.msg-list span{{float:right;color:#888;margin-left:16px}}
.reply{{background:#f6f6f6;padding:10px 20px}}
.info span{{margin-right:24px;color:#888}}
</style>
</head>
<body>
<div class="head">{site}</div>
<div class="nav"><a href="/liuyan/">首页</a> | <a href="/liuyan/write.html">我要留言</a></div>
{body}
<div class="foot">主办：{region}人民政府办公室　本站留言仅代表网民个人意见</div>
</body>
</html>
"""


def board_list(town: Town, shown: Sequence[Shown], number: int, now: datetime) -> DemoPage | None:
    """Page `number` (from 1) of the list, newest first; None where there is no such page."""
    pages = max(1, -(-len(shown) // ROWS))
    if not 1 <= number <= pages:
        return None
    rows = "\n".join(_row(s, now) for s in shown[(number - 1) * ROWS : number * ROWS])
    links = [f'<a href="{_list_name(n)}">{n}</a>' for n in range(1, pages + 1) if n != number]
    if number > 1:
        links.insert(0, f'<a class="prev" href="{_list_name(number - 1)}">上一页</a>')
    if number < pages:
        links.append(f'<a class="next" href="{_list_name(number + 1)}">下一页</a>')
    body = (
        f'<ul class="msg-list">\n{rows}\n</ul>\n'
        f'<div class="pages">共{pages}页 {" ".join(links)}</div>'
    )
    return _board_page(town, f"网民留言 - {town.board_title}", body)


def _list_name(number: int) -> str:
    return "index.html" if number == 1 else f"index_{number}.html"


def _row(shown: Shown, now: datetime) -> str:
    title = html.escape(shown.post.title)
    short = title if len(shown.post.title) <= 24 else html.escape(shown.post.title[:23]) + "…"
    state = "已办理" if shown.reply_at else "待回复"
    return (
        f'<li><span class="time">{list_time(shown.published_at, now)}</span>'
        f'<span class="state">[{state}]</span>'
        f'<a href="detail/{shown.post.id}.html" title="{title}" target="_blank">{short}</a></li>'
    )


def board_detail(town: Town, shown: Shown) -> DemoPage:
    post = shown.post
    paragraphs = "\n".join(f"<p>　　{html.escape(p)}</p>" for p in post.text.splitlines() if p)
    body = f"""<h1 class="title">{html.escape(post.title)}</h1>
<div class="info"><span class="author">留言人：{html.escape(post.author)}</span>
<span class="time">留言时间：{_full(shown.published_at)}</span><span>编号：{post.id}</span></div>
<div class="content">
{paragraphs}
</div>
"""
    if post.reply is not None and shown.reply_at is not None:
        body += f"""<div class="reply">
<h3>官方回复</h3>
<div class="info"><span class="unit">{html.escape(post.reply.unit)}</span>
<span class="reply-time">回复时间：{_full(shown.reply_at)}</span></div>
<div class="reply-text">{html.escape(post.reply.text)}</div>
</div>
"""
    return _board_page(town, f"{post.title} - {town.board_title}", body)


def _full(moment: datetime) -> str:
    local = moment.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M:%S}"


def _board_page(town: Town, title: str, body: str) -> DemoPage:
    text = _BOARD.format(
        title=html.escape(title), site=town.board_title, region=town.region, body=body
    )
    # The page says gb2312 and holds more: so do the real ones.
    return DemoPage(text.encode("gb18030"))


# ---- the social channel ----

_EMOJI = re.compile(r"\[([一-鿿]{1,4})\]")
_TOPIC = re.compile(r"#([^#\s<]{1,30})#")


def search_answer(
    shown: Sequence[Shown], number: int, original: Callable[[str], Shown]
) -> DemoPage:
    """Page `number` of a search's hits in the shape of m.weibo.cn's container search."""
    hits = shown[(number - 1) * CARDS : number * CARDS]
    if not hits:
        empty = {"ok": 0, "msg": "这里还没有内容", "data": {"cards": []}}
        return _json(empty)
    cards: list[dict[str, Any]] = []
    blogs = [_mblog(s, original) for s in hits]
    if number == 1 and len(blogs) > 2:
        # The first page wraps its top hits in a group card.
        group = [{"card_type": 9, "mblog": blog} for blog in blogs[:2]]
        cards.append({"card_type": 11, "show_type": 1, "card_group": group})
        blogs = blogs[2:]
    cards += [{"card_type": 9, "itemid": "", "mblog": blog} for blog in blogs]
    info = {"total": len(shown), "page": number + 1}
    return _json({"ok": 1, "data": {"cardlistInfo": info, "cards": cards}})


def _mblog(shown: Shown, original: Callable[[str], Shown]) -> dict[str, Any]:
    post = shown.post
    blog: dict[str, Any] = {
        "id": post.id,
        "mid": post.id,
        "bid": post.id,
        # By hand: strftime's %a and %b follow the locale.
        "created_at": _weibo_time(shown.published_at),
        "text": weibo_html(post.text),
        "isLongText": False,
        "source": "iPhone客户端" if len(post.author) % 2 else "微博网页版",
        "region_name": "发布于 河南",
        "reposts_count": post.engagement.get("reposts", 0),
        "comments_count": post.engagement.get("comments", 0),
        "attitudes_count": post.engagement.get("likes", 0),
        "user": {"id": 0, "screen_name": post.author, "verified": False, "verified_type": -1},
    }
    if post.repost_of is not None:
        blog["retweeted_status"] = _mblog(original(post.repost_of), original)
    return blog


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _weibo_time(moment: datetime) -> str:
    local = moment.astimezone(SHANGHAI)
    day, month = _DAYS[local.weekday()], _MONTHS[local.month - 1]
    return f"{day} {month} {local:%d %H:%M:%S %z %Y}"


def weibo_html(text: str) -> str:
    """A post's text as the API gives it: emoji as images, topics as links."""
    text = html.escape(text, quote=False)
    text = _EMOJI.sub(
        r'<span class="url-icon"><img alt="[\1]" src="/img/face.png" '
        r'style="width:1em; height:1em;" /></span>',
        text,
    )
    return _TOPIC.sub(
        lambda m: (
            f'<a href="https://m.weibo.cn/search?q={quote(m[0])}" data-hide="">'
            f'<span class="surl-text">{m[0]}</span></a>'
        ),
        text,
    ).replace("\n", "<br />")


def _json(answer: dict[str, Any]) -> DemoPage:
    return DemoPage(json.dumps(answer).encode("ascii"), "application/json; charset=utf-8")


# ---- the feed ----


def feed(town: Town, shown: Sequence[Shown], base_url: str) -> DemoPage:
    """The newest thirty as RSS 2.0."""
    items = "\n".join(
        f"""<item>
<title>{html.escape(s.post.title)}</title>
<link>{base_url}/news/{s.post.id}.html</link>
<guid isPermaLink="false">{s.post.id}</guid>
<pubDate>{format_datetime(s.published_at.astimezone(SHANGHAI))}</pubDate>
<author>{html.escape(s.post.author)}</author>
<description><![CDATA[<p>{html.escape(s.post.text)}</p>]]></description>
</item>"""
        for s in shown[:30]
    )
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0">
<channel>
<title>{html.escape(town.feed_title)}</title>
<link>{base_url}/news/</link>
<description>{html.escape(town.region)}新闻</description>
{items}
</channel>
</rss>
"""
    return DemoPage(text.encode("utf-8"), "application/rss+xml; charset=utf-8")


def news_page(town: Town, shown: Shown) -> DemoPage:
    post = shown.post
    text = f"""<!DOCTYPE html>
<html lang="zh"><head><meta charset="utf-8"><title>{html.escape(post.title)}</title></head>
<body><h1>{html.escape(post.title)}</h1>
<p>{_full(shown.published_at)}　来源：{html.escape(town.feed_title)}　{html.escape(post.author)}</p>
<p>{html.escape(post.text)}</p></body></html>
"""
    return DemoPage(text.encode("utf-8"), "text/html; charset=utf-8")
