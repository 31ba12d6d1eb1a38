"""Assessments 研判: what was concluded of a post, and what people and other models said of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.labelled import Labelled


class PostRole(Labelled):
    """角色: what a post is to its matter. Only complaints open, grow and raise an incident.

    NEWS is whatever tells of the matter and is nothing else: a report, a headline, a remark.
    """

    COMPLAINT = "complaint", "投诉"
    REPLY = "reply", "官方回复"
    NEWS = "news", "消息"
    NOTICE = "notice", "公告"
    THANKS = "thanks", "致谢"
    RECORD = "record", "工单记录"
    REPOST = "repost", "转发"
    QUESTION = "question", "咨询"


class Category(Labelled):
    """类别: the company's own six classes of complaint. config/categories.yaml tells of each."""

    TEMPORARY_SUPPLY = "temporary_supply", "临时用电"
    METER_RENOVATION = "meter_renovation", "户表整改与接电"
    SUPPLY_QUALITY = "supply_quality", "电压质量与停电"
    APPLIANCE_DAMAGE = "appliance_damage", "家电损毁"
    LINE_SAFETY = "line_safety", "线路通道与设施"
    BILLING_SERVICE = "billing_service", "抄表收费与服务"


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
    only where the post is relevant. `scorer` names the model version. `role` is COMPLAINT
    where, and only where, the post is a complaint; None where it is not relevant.
    """

    relevant: bool
    relevance: float
    complaint: bool
    role: PostRole | None
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

    def role_where(self, relevant: bool, complaint: bool) -> PostRole | None:
        """The role where somebody else says whether it is relevant, and a complaint."""
        if not relevant:
            return None
        if complaint:
            return PostRole.COMPLAINT
        return PostRole.NEWS if self.role in (None, PostRole.COMPLAINT) else self.role


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
