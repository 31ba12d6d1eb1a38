"""Invented matters, one for each kind of report, for the rendered examples."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from alerts.notice.compose import Report, compose
from alerts.notice.notice import Notice
from alerts.notice.playbook import Playbook
from alerts.routing.decide import LastReport
from domain.alerts import AlertReason
from domain.assessments import Area, Category, Reason, Severity
from domain.incidents.incident import Incident, IncidentState

# 24 November 2026, 03:10 in Shanghai.
NOW = datetime(2026, 11, 23, 19, 10, tzinfo=UTC)

INCIDENT = Incident(
    number="20261124-007",
    title="连停三天没人管，老人的吸氧机都停了",
    category=Category.SUPPLY_QUALITY,
    severity=Severity.ORANGE,
    state=IncidentState.DISCOVERED,
    area=Area.INSIDE,
    place_code="411003102",
    place="小召乡",
    station="小召供电所",
    first_event_at=NOW - timedelta(minutes=40),
    last_event_at=NOW - timedelta(minutes=3),
    opened_at=NOW - timedelta(minutes=38),
    post_count=3,
    channels=("weibo", "forum"),
)


@dataclass(frozen=True, slots=True)
class Post:
    """A post of the incident as the store gives it."""

    title: str
    text: str
    channel: str
    url: str | None
    published_at: datetime | None
    reasons: tuple[Reason, ...] = ()


def notice(
    *posts: Post,
    incident: Incident = INCIDENT,
    reason: AlertReason = AlertReason.FIRST,
    playbook: Playbook | None = None,
    public_url: str | None = "https://gv.example.com",
    warning: str | None = None,
) -> Notice:
    """The first report of an incident, unless something else is said."""
    incident = dataclasses.replace(incident, report_no=incident.report_no or 1)
    return compose(Report(incident, reason, NOW, posts, playbook, public_url, warning=warning))


@dataclass(frozen=True, slots=True)
class Story:
    """What there is to be told in one report."""

    name: str
    incident: Incident
    reason: AlertReason
    report_no: int
    posts: tuple[Post, ...]
    told: LastReport | None = None
    warning: str | None = None
    public_url: str | None = "https://gv.example.com"


def post(channel: str, minutes: int, title: str, text: str, **found: tuple[str, float]) -> Post:
    """A post `minutes` old; `found`: phrase → (title of the rule that found it, weight)."""
    reasons = tuple(
        Reason(rule, field, where.find(phrase), where.find(phrase) + len(phrase), phrase, weight)
        for phrase, (rule, weight) in found.items()
        for field, where in (("title", title), ("text", text))
        if phrase in where
    )
    tone = Reason("语气强烈", "", 0, 0, "", 12.0)
    at = NOW - timedelta(minutes=minutes)
    url = f"https://{channel}.example.com/1"
    return Post(title, text, channel, url, at, (*reasons, tone))


OXYGEN = post(
    "weibo",
    40,
    "",
    "小召乡朱庄村又停电了！从21号晚上到现在三天没有电，我奶奶靠制氧机过日子，打95598只说在修，"
    "电话13812345678，联系人李某。再没人管真要出人命了。",
    出人命=("有人死亡（可能）", 24.0),
    制氧机=("家有用氧用机病人", 40.0),
    三天=("停电时间", 32.0),
    没人管=("反映无果", 16.0),
)
FORUM = post(
    "forum",
    9,
    "小召停电",
    "同求，朱庄、大路李都没电，冰箱里的东西全坏了，供电所电话打不通。",
    打不通=("反映无果", 16.0),
    都没电=("停电", 1.0),
)
BILL = post(
    "gov_board",
    26 * 60,
    "反映电费突然翻倍",
    "我家住五女店镇阳光花园3号楼2单元501室，户号4100123456，上月电费突然多了两倍，营业厅让自己查，态度很差。",
    态度很差=("服务态度", 8.0),
    电费突然多了两倍=("unit:bill", 1.8),
)


def told(
    report_no: int, ago_min: int, severity: Severity, posts: int, *channels: str
) -> LastReport:
    return LastReport(report_no, severity, posts, channels, NOW - timedelta(minutes=ago_min))


RED = dataclasses.replace(INCIDENT, severity=Severity.RED)
YELLOW = dataclasses.replace(
    INCIDENT,
    number="20261124-003",
    title="反映电费突然翻倍",
    category=Category.BILLING_SERVICE,
    severity=Severity.YELLOW,
    place="五女店镇",
    place_code="411003101",
    station="五女店供电所",
    first_event_at=NOW - timedelta(hours=26),
    last_event_at=NOW - timedelta(hours=26),
    post_count=1,
    channels=("gov_board",),
)
STORIES = (
    Story("first_red", RED, AlertReason.FIRST, 1, (OXYGEN, FORUM)),
    Story("first_yellow", YELLOW, AlertReason.FIRST, 1, (BILL,)),
    Story(
        "first_blue_unknown_area",
        dataclasses.replace(
            YELLOW, severity=Severity.BLUE, area=Area.UNKNOWN, place=None, station=None
        ),
        AlertReason.FIRST,
        1,
        (BILL,),
        public_url=None,
    ),
    Story(
        "severity_raised_red",
        dataclasses.replace(RED, post_count=12, channels=("weibo", "forum", "short_video")),
        AlertReason.SEVERITY_RAISED,
        2,
        (OXYGEN, FORUM),
        told(1, 31, Severity.ORANGE, 3, "weibo", "forum"),
    ),
    Story(
        "grew_orange",
        dataclasses.replace(
            INCIDENT, post_count=53, channels=("weibo", "forum", "short_video", "wechat", "news")
        ),
        AlertReason.GREW,
        4,
        (FORUM, OXYGEN),
        told(3, 12, Severity.ORANGE, 12, "weibo", "forum", "short_video", "wechat", "news"),
        "值班表空档：11月24日 03:10 无人值班，请收到者先接",
    ),
    Story(
        "new_channel_yellow",
        dataclasses.replace(
            YELLOW,
            post_count=2,
            channels=("gov_board", "news"),
            last_event_at=NOW - timedelta(minutes=20),
        ),
        AlertReason.NEW_CHANNEL,
        2,
        (BILL,),
        told(1, 300, Severity.YELLOW, 1, "gov_board"),
    ),
    Story(
        "reopened_orange",
        dataclasses.replace(INCIDENT, post_count=4, first_event_at=NOW - timedelta(days=6)),
        AlertReason.REOPENED,
        4,
        (FORUM,),
        told(3, 5000, Severity.ORANGE, 3, "weibo", "forum"),
    ),
    Story(
        "closed",
        dataclasses.replace(INCIDENT, state=IncidentState.CLOSED, post_count=17),
        AlertReason.CLOSED,
        5,
        (OXYGEN,),
        told(4, 600, Severity.ORANGE, 12, "weibo", "forum"),
    ),
    Story(
        "closed_false_alarm",
        dataclasses.replace(YELLOW, state=IncidentState.FALSE_ALARM),
        AlertReason.CLOSED,
        2,
        (BILL,),
        told(1, 600, Severity.YELLOW, 1, "gov_board"),
    ),
)
