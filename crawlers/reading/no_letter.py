"""Detail pages that hold no letter although the selector of its body matches something.

A captcha, a log-in, "系统繁忙" or "信件不存在" comes with 200 and in the site's usual frame. A page
that shows the letter's title is the letter; of any other the wording decides. When in doubt the
page is asked again later, and in the end what the list showed is kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lxml import etree  # type: ignore[import-untyped]

from crawlers.reading.pages import Page, PageChanged, PageGone, Refused
from crawlers.reading.refusals import (
    FAILURE_WORDS,
    gate_words_in,
    has_gate_input,
    has_gate_title,
    only_asks_for_log_in,
    refusal_in,
    title_of,
)
from crawlers.reading.selecting import visible_text

_LOADING = re.compile(
    r"(?i)\W*(?:(?:数据|内容|页面|信息|正文)?(?:正在|努力|拼命)?(?:加载|载入|读取|获取|请求)(?:数据|内容|页面|信息)?中?"
    r"|loading|请?(?:稍候|稍后|稍等|等待|耐心等待)|(?:please )?wait|\W)+"
)
_LOADS = re.compile(r"(?i)加载|载入|读取|获取|loading|稍候|稍等|wait")
_FAILED = re.compile(
    r"(?i)\W*(?:(?:对不起|很?抱歉|提示|温馨提示|系统提示|当前|您好)\W*)*(?:"
    + FAILURE_WORDS.pattern
    + r"|(?:系统|网站|服务器?|页面).{0,4}(?:维护|升级)"
    + r")"
    r"(?:请|您|你|稍后|稍候|稍等|再试|重试|再|试|访问|刷新|联系|系统|网站|管理员|一下|给您|带来|不便|敬请|谅解|中|了|\W)*"
)
_GONE = re.compile(
    r"(?:(?:信件|来信|留言|帖子|主题|内容|文章|信息|页面|诉求|工单|记录|资源)[^，。；\n]{0,8}"
    r"(?:不存在|(?:已经?|已被|被)[^，。；\n]{0,6}(?:删除|撤回|下架|屏蔽|关闭)|找不到|不公开|未公开))"
    r"|(?:没有|未能?|无法)找到.{0,12}(?:信件|来信|留言|帖子|内容|文章|信息|页面|诉求)"
)
_STRONG_GATE = re.compile(
    r"拖动.{0,8}(?:滑块|拼图)|完成.{0,4}(?:拼图|安全验证|人机验证)|验证通过(?:之?后|即可)"
    r"|(?:请先|需要?|须)(?:您|你)?(?:先|完成|进行|通过)*实名认证"
)
_LATER = re.compile(r"(?i)稍[后候]|重试|再试|刷新|联系管理员|返回首页|try again")
_ABOUT_GATES = re.compile(r"(?i)登[录陆]|验证|滑块|频繁|log ?in")
_CUT_SHORT = re.compile(r"(?:…|\.{3}).*")
_BRIEF, _SHORT, _FEW, _RUN = 200, 600, 4, 4  # characters


def why_no_letter(
    page: Page, root: etree._Element, picked: Sequence[etree._Element], text: str, title: str
) -> PageChanged | Refused | None:
    """What to raise for a detail page whose body was found; None: it is the letter."""
    if is_loading(text):
        return PageChanged(f"详情页的正文是脚本后来才加载的（只有“{text[:30]}”，{page.url}）")
    shown = _shows_title(root, title)
    if only_asks_for_log_in(text) and not (shown and _ABOUT_GATES.search(title)):
        return _refused(page, text)
    if shown:
        return None
    if any(e.tag in ("html", "body") for e in picked):  # it takes any page for a letter
        if refusal_in(page.text):
            return _refused(page, text)
    elif len(text) < _SHORT and (has_gate_input(picked) or has_gate_title(root)):
        return _refused(page, text)
    return _by_words(page, text, title)


def is_loading(text: str) -> bool:
    """Whether a text is nothing but "正在加载……"."""
    return len(text) < _BRIEF // 4 and bool(_LOADS.search(text) and _LOADING.fullmatch(text))


def _by_words(page: Page, text: str, title: str) -> PageChanged | Refused | None:
    """Of a short page without the letter's title."""
    if len(text) >= _BRIEF or _speaks_of(title, text):
        return None
    if _STRONG_GATE.search(text):
        return _refused(page, text)
    if _FAILED.fullmatch(text):
        return _failing(page, text)
    if len("".join(title.split())) < _FEW:  # "求助": its letter may well be about a log-in
        return None
    if _GONE.search(text):
        return PageGone(f"页面不存在：详情页写着“{text[:40]}”（{page.url}）")
    if gate_words_in(text):
        return _refused(page, text)
    fails = FAILURE_WORDS.search(text) and _LATER.search(text)
    return _failing(page, text) if fails else None


def _refused(page: Page, text: str) -> Refused:
    return Refused(f"详情页给出的是登录或安全验证页面，不是正文（{page.url}），写着“{text[:40]}”")


def _failing(page: Page, text: str) -> PageChanged:
    return PageChanged(f"详情页没有正文，网站只说“{text[:40]}”（{page.url}）")


def _shows_title(root: etree._Element, title: str) -> bool:
    words = "".join(_CUT_SHORT.sub("", title).split())[:12]
    lines = ["".join(line.split()) for line in visible_text(root).split("\n")] + [title_of(root)]
    if len(words) < _FEW:  # "登录" stands on many a page; as a heading only on its own
        return any(re.split("[:：_|-]", line)[-1] == words for line in lines if words)
    return any(words in "".join(line.split()) for line in lines)


def _speaks_of(title: str, text: str) -> bool:
    """Whether a text repeats a run of the title's characters: a page of the site's own does not."""
    words, said = ("".join(re.findall(r"\w", part)) for part in (title, text))
    return any(words[i : i + _RUN] in said for i in range(len(words) - _RUN + 1))
