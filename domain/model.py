"""The nouns that every part shares: what is found, judged, grouped and told.

Values only: frozen dataclasses and enums. The Chinese word of the glossary stands in the
docstrings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self


class Labelled(StrEnum):
    """Words of the program that people read by their Chinese `label`."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


class Category(Labelled):
    """类别: the company's own six classes of complaint. config/categories.yaml tells of each."""

    TEMPORARY_SUPPLY = "temporary_supply", "临时用电"
    METER_RENOVATION = "meter_renovation", "户表整改与接电"
    SUPPLY_QUALITY = "supply_quality", "电压质量与停电"
    APPLIANCE_DAMAGE = "appliance_damage", "家电损毁"
    LINE_SAFETY = "line_safety", "线路通道与设施"
    BILLING_SERVICE = "billing_service", "抄表收费与服务"


class PostChannel(Labelled):
    """渠道: the kind of place where a post was found. A post may name one that is not of these."""

    GOV_BOARD = "gov_board", "政府留言板"
    HOTLINE_12345 = "hotline_12345", "12345热线"
    WEIBO = "weibo", "微博"
    FORUM = "forum", "论坛"
    SHORT_VIDEO = "short_video", "短视频"
    WECHAT = "wechat", "微信"
    NEWS = "news", "新闻"
    TICKET_95598 = "ticket_95598", "95598工单"
    PHONE_PROGRAMME = "phone_programme", "行风热线"
    LETTER_VISIT = "letter_visit", "来信来访"
    GRID_SERVICE = "grid_service", "网格化服务"

    @classmethod
    def label_of(cls, name: str) -> str:
        """The label of a channel by its name; of a strange one the name itself."""
        return _CHANNEL_LABELS.get(name, name)


_CHANNEL_LABELS: dict[str, str] = {channel: channel.label for channel in PostChannel}


class Severity(Labelled):
    """等级, in order: NONE < BLUE < YELLOW < ORANGE < RED. `rank` is the order as a number."""

    NONE = "none", "无"
    BLUE = "blue", "一般"
    YELLOW = "yellow", "较大"
    ORANGE = "orange", "重大"
    RED = "red", "特别重大"

    @property
    def rank(self) -> int:
        return _RANKS[self]

    # Of a str's own order, which is the alphabet's, nothing may be left.
    def __lt__(self, other: str) -> bool:
        return _RANKS[self] < _RANKS[other]

    def __le__(self, other: str) -> bool:
        return _RANKS[self] <= _RANKS[other]

    def __gt__(self, other: str) -> bool:
        return _RANKS[self] > _RANKS[other]

    def __ge__(self, other: str) -> bool:
        return _RANKS[self] >= _RANKS[other]


_RANKS: dict[str, int] = {severity: rank for rank, severity in enumerate(Severity)}


class Area(Labelled):
    """属地: whether a post is about our territory."""

    INSIDE = "inside", "属地"
    OUTSIDE = "outside", "外地"
    UNKNOWN = "unknown", "属地不明"


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

    @classmethod
    def unplaced(cls, rule: str, weight: float, text: str = "") -> Reason:
        """One that stands nowhere in the text: reach, velocity, a person's word."""
        return cls(rule, "", 0, 0, text, weight)


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


class IncidentState(Labelled):
    """处置状态."""

    DISCOVERED = "discovered", "已发现"
    ACKNOWLEDGED = "acknowledged", "已接收"
    INVESTIGATING = "investigating", "调查中"
    RESPONDED = "responded", "已回应"
    RECTIFIED = "rectified", "已整改"
    REVIEWED = "reviewed", "已评估"
    CLOSED = "closed", "已办结"
    FALSE_ALARM = "false_alarm", "误报"
    MERGED = "merged", "已合并"

    @property
    def is_open(self) -> bool:
        return self not in (self.CLOSED, self.FALSE_ALARM, self.MERGED)


class PostRole(Labelled):
    """角色: what a post is to its incident. Only complaints open, grow and raise one."""

    COMPLAINT = "complaint", "投诉"
    REPLY = "reply", "官方回复"
    NEWS = "news", "新闻"
    NOTICE = "notice", "公告"
    THANKS = "thanks", "致谢"
    RECORD = "record", "工单记录"
    REPOST = "repost", "转发"
    QUESTION = "question", "咨询"


class Correction(Labelled):
    """更正: what a person says of a post against the model."""

    COMPLAINT = "complaint", "是投诉"
    NOT_COMPLAINT = "not_complaint", "不是投诉"
    IRRELEVANT = "irrelevant", "与供电无关"
    FALSE_ALARM = "false_alarm", "误报"  # of a whole incident: no complaint, relevant as it was


class OpinionOutcome(StrEnum):
    """What a question for a second opinion came to."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    FAILED = "failed"


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


class AlertReason(Labelled):
    """预警缘由: why people are told, now."""

    FIRST = "first", "首报"
    SEVERITY_RAISED = "severity_raised", "等级升高"
    GREW = "grew", "扩散"  # passed a growth threshold
    NEW_CHANNEL = "new_channel", "跨渠道传播"
    REOPENED = "reopened", "复燃"
    CLOSED = "closed", "办结"  # the recovery notice
    TEST = "test", "测试"


class DeliveryState(Labelled):
    """推送状态."""

    NEW = "new", "待发送"
    SENDING = "sending", "发送中"
    RETRY = "retry", "等待重试"
    DELIVERED = "delivered", "已送达"
    DEAD = "dead", "失败，已停止重试"


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
