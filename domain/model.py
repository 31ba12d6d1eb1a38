"""The nouns that every part shares: what is found, judged, grouped and told.

Values only: frozen dataclasses and enums. The Chinese word of the glossary stands in the
docstrings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Category(StrEnum):
    """类别: the company's own six classes of complaint."""

    TEMPORARY_SUPPLY = "temporary_supply"
    METER_RENOVATION = "meter_renovation"
    SUPPLY_QUALITY = "supply_quality"
    APPLIANCE_DAMAGE = "appliance_damage"
    LINE_SAFETY = "line_safety"
    BILLING_SERVICE = "billing_service"


CATEGORY_TITLES: dict[str, str] = {
    Category.TEMPORARY_SUPPLY: "临时用电",
    Category.METER_RENOVATION: "户表整改与接电",
    Category.SUPPLY_QUALITY: "电压质量与停电",
    Category.APPLIANCE_DAMAGE: "家电损毁",
    Category.LINE_SAFETY: "线路通道与设施",
    Category.BILLING_SERVICE: "抄表收费与服务",
}

CHANNEL_TITLES: dict[str, str] = {
    "gov_board": "政府留言板",
    "hotline_12345": "12345热线",
    "weibo": "微博",
    "forum": "论坛",
    "short_video": "短视频",
    "wechat": "微信",
    "news": "新闻",
    "ticket_95598": "95598工单",
    "phone_programme": "行风热线",
    "letter_visit": "来信来访",
    "grid_service": "网格化服务",
}


class Severity(StrEnum):
    """等级. Compare by `rank`: none < blue < yellow < orange < red."""

    NONE = "none"
    BLUE = "blue"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"

    @property
    def rank(self) -> int:
        return _SEVERITY_ORDER.index(self.value)

    @property
    def label(self) -> str:
        return SEVERITY_TITLES[self]


_SEVERITY_ORDER = ("none", "blue", "yellow", "orange", "red")
SEVERITY_TITLES: dict[str, str] = {
    "none": "无",
    "blue": "一般",
    "yellow": "较大",
    "orange": "重大",
    "red": "特别重大",
}


class Area(StrEnum):
    """属地: whether a post is about our territory."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    UNKNOWN = "unknown"


AREA_TITLES: dict[str, str] = {"inside": "属地", "outside": "外地", "unknown": "属地不明"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """证据: the raw answer that a post was read from, as the site sent it (decompressed bytes)."""

    url: str
    status: int
    fetched_at: datetime
    body: bytes
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class FoundPost:
    """帖文 as a source showed it, before anything was judged.

    `key` is the site's own id, else the canonical URL; (source, key) is the identity.
    `published_at` is aware or None; `published_raw` is the site's own spelling of it.
    """

    source: str
    key: str
    title: str
    text: str
    channel: str
    url: str | None = None
    region: str | None = None
    author: str | None = None  # hashed with a secret key before it is stored, never kept
    published_raw: str | None = None
    published_at: datetime | None = None
    reply: str | None = None
    reply_at: datetime | None = None
    engagement: dict[str, int] = field(default_factory=dict)
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that decided: a rule or phrase, where it stands in the original text, its weight.

    `field` is "title" or "text"; `start`/`end` are code points of the original field;
    a reason without a place (reach, velocity) has field "" and start = end = 0.
    """

    rule: str
    field: str
    start: int
    end: int
    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Place:
    """A place found in a post: its name in the gazetteer, its division code, where it was read."""

    name: str
    code: str
    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """研判: what the pipeline concluded about one version of a post, and why.

    `relevance` and `negativity` are probabilities 0–1; category, negativity and severity speak
    only where the post is relevant. `scorer` names the model version.
    """

    relevant: bool
    relevance: float
    complaint: bool
    negativity: float | None
    category: Category | None
    aspects: tuple[str, ...]
    severity: Severity
    severity_score: float
    area: Area
    places: tuple[Place, ...]
    station: str | None
    reasons: tuple[Reason, ...]
    scorer: str

    @property
    def place(self) -> Place | None:
        """The place that locates the matter: locate puts it first."""
        return self.places[0] if self.places else None


class IncidentState(StrEnum):
    """处置状态."""

    DISCOVERED = "discovered"
    ACKNOWLEDGED = "acknowledged"
    INVESTIGATING = "investigating"
    RESPONDED = "responded"
    RECTIFIED = "rectified"
    REVIEWED = "reviewed"
    CLOSED = "closed"
    FALSE_ALARM = "false_alarm"
    MERGED = "merged"

    @property
    def is_open(self) -> bool:
        return self not in (self.CLOSED, self.FALSE_ALARM, self.MERGED)


STATE_TITLES: dict[str, str] = {
    "discovered": "已发现",
    "acknowledged": "已接收",
    "investigating": "调查中",
    "responded": "已回应",
    "rectified": "已整改",
    "reviewed": "已评估",
    "closed": "已办结",
    "false_alarm": "误报",
    "merged": "已合并",
}


class PostRole(StrEnum):
    """角色: what a post is to its incident. Only complaints open, grow and raise one."""

    COMPLAINT = "complaint"
    REPLY = "reply"
    NEWS = "news"
    NOTICE = "notice"
    THANKS = "thanks"
    RECORD = "record"
    REPOST = "repost"
    QUESTION = "question"

    @property
    def label(self) -> str:
        return _ROLE_TITLES[self]


_ROLE_TITLES: dict[PostRole, str] = {
    PostRole.COMPLAINT: "投诉",
    PostRole.REPLY: "官方回复",
    PostRole.NEWS: "新闻",
    PostRole.NOTICE: "公告",
    PostRole.THANKS: "致谢",
    PostRole.RECORD: "工单记录",
    PostRole.REPOST: "转发",
    PostRole.QUESTION: "咨询",
}


@dataclass(frozen=True, slots=True)
class Incident:
    """舆情事件: the posts about one matter in one place and time, as it stands now."""

    number: str  # e.g. "20261124-007", by the local day of opening
    title: str
    category: Category
    severity: Severity
    state: IncidentState
    area: Area
    place_code: str | None
    place: str | None
    station: str | None
    first_event_at: datetime
    last_event_at: datetime
    opened_at: datetime  # when we knew of it: first_seen of its first post
    post_count: int
    channels: tuple[str, ...]
    report_no: int = 0  # 第N报: how many times people were told of a real change
    previous: str | None = None
    severity_score: float = 0.0
    fresh: bool = True  # False: no post of it was fresh when first seen (digest only)


class AlertReason(StrEnum):
    """预警缘由: why people are told, now."""

    FIRST = "first"  # 首报
    SEVERITY_RAISED = "severity_raised"  # 升级
    GREW = "grew"  # 扩散: passed a growth threshold
    NEW_CHANNEL = "new_channel"  # 跨渠道
    REOPENED = "reopened"  # 复燃
    CLOSED = "closed"  # 办结 (recovery notice)
    TEST = "test"  # 测试


ALERT_REASON_TITLES: dict[str, str] = {
    "first": "首报",
    "severity_raised": "等级升高",
    "grew": "扩散",
    "new_channel": "跨渠道传播",
    "reopened": "复燃",
    "closed": "办结",
    "test": "测试",
}


class DeliveryState(StrEnum):
    """推送状态."""

    NEW = "new"
    SENDING = "sending"
    RETRY = "retry"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class ChannelState:
    """How an alert channel fares. `down_since`: the first of its present `failures` in a row.

    `blocked_until`: its receiver asked for rest. `probe_at`: while it is down or held, from when on
    one delivery may try it again. `problem`: what its receiver said last, no secrets.
    """

    name: str
    blocked_until: datetime | None = None
    problem: str | None = None
    down_since: datetime | None = None
    failures: int = 0
    probe_at: datetime | None = None
    succeeded_at: datetime | None = None


class Outcome(StrEnum):
    """What one attempt came to (`SendError` carries all but DELIVERED)."""

    DELIVERED = "delivered"
    RETRY = "retry"
    BAD_CONFIG = "bad_config"
    BAD_RECEIVER = "bad_receiver"
    TOO_LONG = "too_long"
    UNKNOWN = "unknown"  # may have been accepted: resend, marked


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receiver's own words on an accepted message."""

    code: str
    text: str


class SendError(Exception):
    """A message was not delivered. The text never holds a URL, key or signature."""

    def __init__(
        self,
        outcome: Outcome,
        code: str,
        text: str,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{outcome}: {code} {text}".strip())
        self.outcome = outcome
        self.code = code
        self.text = text
        self.retry_after_s = retry_after_s
