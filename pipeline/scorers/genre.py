"""What a whole post is: its manner, and from text, channel and thread its role.

The weights of a linear model see words; that a text *is* a notice, an answer, praise or a bare
question, and so reports no harm, shows in how it opens. Each rule asks for the opening and for the
absence of what would make it a complaint after all. On the labelled real complaints none of them
speaks (tests/pipeline/scorers/test_manner.py).
"""

from __future__ import annotations

import re
from enum import StrEnum

from domain.assessments import PostRole
from domain.posts import PostChannel
from pipeline.text.normalise import Squeezed
from pipeline.text.office import is_answer


class Manner(StrEnum):
    """口吻. The value is what people read among the reasons."""

    NOTICE = "公告口吻"
    REPLY = "官方答复口吻"
    RECORD = "办结记录"
    PRAISE = "表扬致谢"
    QUESTION = "一般咨询"
    REPOST = "只是转发"
    FIGURE = "比喻说法"
    DORMITORY = "宿舍作息"
    GAME = "游戏里的事"


_ROLES = {
    Manner.NOTICE: PostRole.NOTICE,
    Manner.REPLY: PostRole.REPLY,
    Manner.RECORD: PostRole.RECORD,
    Manner.PRAISE: PostRole.THANKS,
    Manner.QUESTION: PostRole.QUESTION,
    Manner.REPOST: PostRole.REPOST,
}
REPLY_CHANNEL = "gov_reply"  # answers that a board shows beside the letters
# The company's own books: what stands in them is about supply, and is a customer's.
ORDER_CHANNELS = frozenset((PostChannel.TICKET_95598.value, PostChannel.GRID_SERVICE.value))
_NO_OFFICE = frozenset(("forum", "short_video", "sms", "review", "hot_list"))  # none answers there
_PRESS = frozenset(("news", "hot_list"))
_PASSED_WITHIN = 400  # characters in which the mark of a repost is looked for
_A_WORD = 2  # characters of its own that make a repost more than one

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


_GAME = re.compile(
    r"(?:城建|建城|建造|经营|模拟|种田|像素)[^，。！？]{0,6}(?:游戏|手游)|(?:游戏|手游)[^，。！？]{0,6}(?:建城|城建|铺电网)"
    r"|模拟城市|模拟经营"
)
_REAL = re.compile(
    r"供电所|供电局|供电公司|电力公司|电力局|国网|95598|12345|我家|俺家|我们(?:村|小区|这|楼|家)"
)


def is_elsewhere(title: str, text: str) -> Manner | None:
    """Why what sounds like supply is none: a figure of speech, the lights-out of a dormitory, the
    grid of a game.

    Speaks only where nothing else in the post is about electricity or its supply.
    """
    whole = f"{title}\n{text}"
    if _FIGURE.search(whole) and "电" not in _FIGURE.sub("", whole):
        return Manner.FIGURE
    if _DORMITORY.search(whole) and not _GRID.search(whole):
        return Manner.DORMITORY
    if _GAME.search(whole) and not _REAL.search(whole):
        return Manner.GAME
    return None


# A repost: what is passed on follows the mark; what its writer adds stands before it.
_PASSED_ON = re.compile(r"//@|转发微博|^repost")
_NO_WORDS = re.compile(
    r"转发微博|转发|转载|repost|快转|求转|扩散|转起来|同转|已阅|mark|回复@[^:,]{1,30}[:,]?|@[^:,/]{1,30}[:,]?"
    r"|\[[^\]]{1,8}\]|[^\u4e00-\u9fff]+"
)
_THANKS = re.compile(
    r"谢谢|感谢|点赞|点个赞|致敬|辛苦了|给力|锦旗|表扬|好样的|终于(?:来|有|通|亮|修好|恢复)|来电了|有电了|通电了|恢复供电|恢复送电|修好了|送上电"
    r"|欢呼|手真快|解决了"
)
_NEWSY = re.compile(
    r"记者|本报|报道|近日|日前|通讯员|据悉|【[^】]{4,40}】|新闻|发布|通报|消息|网讯|快讯"
)
_ASKS = re.compile(r"[?吗呢]$|请问|咨询|怎么办理|如何办理|求教|问一下|有没有人知道")


def passed_on(text: str) -> tuple[str, bool]:
    """What a post's writer says himself (squeezed), and whether he passes something on."""
    mark = _PASSED_ON.search(text)
    if mark is None:
        return text, False
    own = text[: mark.start()] if mark[0] == "//@" else text.replace(mark[0], "", 1)
    return own, True


def manner_of(title: str, text: str, channel: str | None = None) -> Manner | None:
    """How a complaint-like post speaks, where its manner settles that it is none; else None.

    `title` and `text` squeezed.
    """
    if (title and _NOTICE_TITLE.search(title[:80])) or _NOTICE_OPENING.search(text[:240]):
        return Manner.NOTICE
    if channel == REPLY_CHANNEL or (channel not in _NO_OFFICE and is_answer(title, text)):
        return Manner.RECORD if channel in ORDER_CHANNELS else Manner.REPLY
    head = title or text
    if _PRAISE.search(head[:60]) and not (_BUT.search(title) or _BUT.search(text)):
        return Manner.PRAISE
    asks = _QUESTION.search(title[:60]) or _QUESTION.search(text[:60])
    if asks and not (_HARM.search(title) or _HARM.search(text)):
        return Manner.QUESTION
    own, is_repost = passed_on(text[:_PASSED_WITHIN])
    if is_repost and len(_NO_WORDS.sub("", own)) < _A_WORD:
        return Manner.REPOST
    return None


def role_of(post: Squeezed, channel: str | None, complaint: bool) -> PostRole:
    """What a relevant post is to its matter."""
    if complaint:
        return PostRole.COMPLAINT
    title, text = post.text[: post.boundary], post.text[post.boundary + 1 :]
    manner = manner_of(title, text, channel)
    if manner is not None:
        return _ROLES[manner]
    if channel in ORDER_CHANNELS:
        return PostRole.RECORD
    if channel in _PRESS or _NEWSY.search(text[:200]):
        return PostRole.NEWS
    if passed_on(text[:_PASSED_WITHIN])[1]:
        return PostRole.REPOST
    if _THANKS.search(title) or _THANKS.search(text[:400]):
        return PostRole.THANKS
    if _ASKS.search(title) or _ASKS.search(text[-200:]):
        return PostRole.QUESTION
    return PostRole.NEWS
