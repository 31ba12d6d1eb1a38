"""The manner of a whole post: a notice, praise or a bare question reports no harm.

The weights of a linear model see words; that a text *is* a notice shows in how it opens. Each rule
asks for the opening and for the absence of what would make it a complaint after all. On the
labelled real complaints none of them speaks (tests/pipeline/scorers/test_manner.py).
"""

from __future__ import annotations

import re
from enum import StrEnum


class Manner(StrEnum):
    """口吻. The value is what people read among the reasons."""

    NOTICE = "公告口吻"
    PRAISE = "表扬致谢"
    QUESTION = "一般咨询"
    FIGURE = "比喻说法"
    DORMITORY = "宿舍作息"


_NOTICE_WORDS = "公告|通知|通告|公示|提示|提醒|告知书?|倡议书?|说明|预告|快讯|播报"
_NOTICE_TITLE = re.compile(
    rf"(^【[^】]*(?:{_NOTICE_WORDS})[^】]*】|(?:{_NOTICE_WORDS})(?:[(（].*)?$)"
)
_NOTICE_OPENING = re.compile(
    rf"^(?:【[^】]{{0,20}}(?:{_NOTICE_WORDS})[^】]{{0,10}}】"
    r"|(?:尊敬的|各位|广大)[^，。！？,]{0,12}(?:用户|客户|居民|业主|市民|村民)[^。！？]{0,4}[：:，,!！]"
    r"(?!.{0,200}(?:投诉|不满|没人管|请求)))"
)
_PRAISE = re.compile(
    r"^[^，。！？,]{0,6}(?:表扬|点赞|致敬|夸一?下|夸夸|感谢(?!领导)|谢谢|为[^，。！？]{1,20}点赞"
    r"|给[^，。！？]{1,20}(?:点赞|送锦旗))"
)
_BUT = re.compile(
    r"但是|但我|可是|然而|不过|遗憾|希望|请求|恳请|什么时候|何时|为什么|为何|投诉|不满|没人管|没有解决"
    r"|至今|仍然|依然|还是没|凭什么"
)
_QUESTION = re.compile(
    r"^(?:请问|咨询|想问|想咨询|问一下|请教|关于[^，。]{0,20}咨询|您好[，,!！]?(?:请问|咨询|我想问)"
    r"|[^，。！？]{0,12}(?:怎么|如何|怎样)(?:办理|申请|开通|收费|交|缴|查|过户))"
)
_HARM = re.compile(
    r"停电|断电|没电|跳闸|电压|烧|坏|危险|隐患|投诉|不满|没人|不给|拒|拖|一直|经常|多次|太贵|过高|乱|强制|强行"
    r"|凭什么|为什么|为何|什么时候|何时|啥时候|至今|没有|无法|(?<!能)不能|影响|严重|到底|违规|合理|占|赔"
)


_FIGURE = re.compile(
    r"(?:像|仿佛|宛如|如同|犹如|好似|简直)[^，。！？]{0,8}(?:触电|触了电|触了?高压线|过电|通了?电|电到|电击)"
    r"|(?:红线|底线|纪律|师德|廉洁|原则)[^，。！？]{0,8}高压线|高压线[^，。！？]{0,4}(?:碰不得|不能碰|不可碰|不容触碰)"
)
_DORMITORY = re.compile(
    r"(?:宿舍|寝室|住校)[^。！？]{0,14}(?:熄灯|断电|拉闸)|(?:熄灯|断电)[^。！？]{0,8}(?:宿舍|寝室)"
)
_GRID = re.compile(
    r"供电|电力|电网|电业|小区|村|街道|停电通知|变压器|线路|电杆|电费|电表|电压|跳闸|故障|抢修|学校附近|学校旁"
)


def is_elsewhere(title: str, text: str) -> Manner | None:
    """Why what sounds like supply is none: a figure of speech, the lights-out of a dormitory.

    Speaks only where nothing else in the post is about electricity or its supply.
    """
    whole = f"{title}\n{text}"
    if _FIGURE.search(whole) and "电" not in _FIGURE.sub("", whole):
        return Manner.FIGURE
    if _DORMITORY.search(whole) and not _GRID.search(whole):
        return Manner.DORMITORY
    return None


def manner_of(title: str, text: str) -> Manner | None:
    """How a complaint-like post speaks, where its manner settles that it is none; else None.

    `title` and `text` folded, without white space.
    """
    if (title and _NOTICE_TITLE.search(title[:80])) or _NOTICE_OPENING.search(text[:240]):
        return Manner.NOTICE
    head = title or text
    if _PRAISE.search(head[:60]) and not (_BUT.search(title) or _BUT.search(text)):
        return Manner.PRAISE
    asks = _QUESTION.search(title[:60]) or _QUESTION.search(text[:60])
    if asks and not (_HARM.search(title) or _HARM.search(text)):
        return Manner.QUESTION
    return None
