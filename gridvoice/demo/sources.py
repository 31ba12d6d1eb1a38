"""The source files that let the crawlers read a demo town at its address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from gridvoice.demo.town import Town

BOARD, SOCIAL, FEED = "town_board", "town_social", "town_feed"


def write_sources(folder: Path, town: Town, base_url: str, every: str = "2s") -> list[Path]:
    """Writes one YAML file for each of the town's sites into `folder`; answers with the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for source in (_board(town, base_url), _social(town, base_url), _feed(town, base_url)):
        shared = {
            "every": every,
            "region": town.region,
            "private_host": True,
            "contact": "演示站点",
            "limits": {"delay": "0s", "timeout": "10s", "concurrency": 2},
        }
        path = folder / f"{source['name']}.yaml"
        text = yaml.safe_dump(source | shared, allow_unicode=True, sort_keys=False, width=120)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _board(town: Town, base_url: str) -> dict[str, Any]:
    return {
        "name": BOARD,
        "title": town.board_title,
        "kind": "board",
        "channel": "gov_board",
        "url": f"{base_url}/liuyan/",
        "encoding": "gb18030",
        "board": {
            "item": "ul.msg-list li",
            "link": "a::attr(href)",
            "title": "a::attr(title)",
            "time": "span.time",
            "status": "span.state",
            "key": "a::attr(href)",
            "key_pattern": r"([\w-]+)\.html$",
            "next": "a.next::attr(href)",
            "detail": {
                "title": "h1.title",
                "body": "div.content",
                "time": "div.info span.time",
                "author": "div.info span.author",
                "reply": "div.reply div.reply-text",
                "reply_time": "div.reply span.reply-time",
            },
        },
    }


def _social(town: Town, base_url: str) -> dict[str, Any]:
    return {
        "name": SOCIAL,
        "title": town.social_title,
        "kind": "api",
        "channel": "weibo",
        "url": f"{base_url}/api/container/getIndex",
        "may_be_empty": True,
        "api": {
            "call": {
                "query": {
                    "containerid": "100103type=61&q={keyword}",
                    "page_type": "searchall",
                    "page": "{page}",
                },
                "headers": {"X-Requested-With": "XMLHttpRequest", "MWeibo-Pwa": "1"},
            },
            "keywords": list(town.keywords),
            # Where nothing is found the real one answers ok: 0 with these words.
            "ok_when": "ok == `1` || msg == '这里还没有内容'",
            "items": "data.cards[].[mblog, card_group[].mblog][][]",
            "paging": {"by": "page", "start": 1, "size": 10},
            "fields": {
                "key": "mid",
                # A repost says little by itself; what it reposts goes with it.
                "text": "join('//', [text, retweeted_status.text][?@])",
                "time": "created_at",
                "author": "user.screen_name",
                "url": "https://m.weibo.cn/detail/{key}",
                "engagement": {
                    "reposts": "reposts_count",
                    "comments": "comments_count",
                    "likes": "attitudes_count",
                },
            },
        },
    }


def _feed(town: Town, base_url: str) -> dict[str, Any]:
    return {
        "name": FEED,
        "title": town.feed_title,
        "kind": "feed",
        "channel": "news",
        "url": f"{base_url}/feed.xml",
    }
