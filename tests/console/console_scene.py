"""An invented morning in a store: incidents of every kind, for tests and for looking at.

All texts, names and numbers are made up; phone numbers are of no real person.
"""

# ruff: noqa: E501  (a Chinese character counts as two columns)

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, select

from db import incidents, outbox, sending, sources, take_in, timeline, unassessed
from db.engine import write
from db.tables import deliveries
from db.tables import posts as post_table
from domain.alerts import AlertReason, Outcome
from domain.assessments import Area, Assessment, Category, Place, PostRole, Reason, Severity
from domain.incidents.events import Cause
from domain.incidents.incident import Incident, IncidentState
from domain.polling import PollOutcome, PollResult
from domain.posts import FoundPost

AUTHOR_KEY = b"k" * 32
LEASE = timedelta(seconds=60)
_keys = itertools.count(1)
Answer = tuple[str, str, str, str, str]
Told = Callable[[int, datetime], None]


@dataclass(frozen=True)
class Said:
    """One post of the scene: `ago` minutes before now; `why` maps phrases to (rule, weight)."""

    ago: float
    channel: str
    source: str
    title: str
    text: str
    why: tuple[tuple[str, str, float], ...] = ()
    places: tuple[str, ...] = ()
    engagement: tuple[tuple[str, int], ...] = ()
    reply: str | None = None
    url: str | None = "https://example.org/thread/{n}"
    region: str | None = None
    severity: Severity = Severity.YELLOW


def say(
    conn: Connection, said: Said, now: datetime, category: Category, relevant: bool = True
) -> int:
    """Take one post in and assess it; its id."""
    (one,) = say_all(conn, [said], now, category, relevant)
    return one


def say_all(
    conn: Connection,
    said: Sequence[Said],
    now: datetime,
    category: Category,
    relevant: bool = True,
) -> list[int]:
    """Take posts in, each forty seconds after it was published, and assess them; their ids."""
    found = [_found(one, now) for one in said]
    seen = {post.key: _seen_at(post, now) for post in found}
    take_in.take_in(conn, found, now, AUTHOR_KEY, lambda post: seen[post.key])
    keys = post_table.c.key.in_(seen)
    rows = conn.execute(
        select(post_table.c.key, post_table.c.id, post_table.c.version_id).where(keys)
    )
    made = {row.key: row for row in rows}
    written = [made[post.key] for post in found]
    unassessed.record_assessments(
        conn,
        [
            (row.version_id, _assessment(one, category, relevant))
            for row, one in zip(written, said, strict=True)
        ],
        now,
    )
    return [int(row.id) for row in written]


def _found(said: Said, now: datetime) -> FoundPost:
    n = next(_keys)
    at = now - timedelta(minutes=said.ago)
    return FoundPost(
        source=said.source,
        key=str(n),
        title=said.title,
        text=said.text,
        channel=said.channel,
        url=said.url.format(n=n) if said.url else None,
        region=said.region,
        published_at=at,
        engagement=dict(said.engagement),
        reply=said.reply,
        reply_at=at + timedelta(minutes=20) if said.reply else None,
    )


def _seen_at(post: FoundPost, now: datetime) -> datetime:
    assert post.published_at is not None
    return min(post.published_at + timedelta(seconds=40), now)


def _assessment(said: Said, category: Category, relevant: bool) -> Assessment:
    reasons, places = [], []
    for phrase, rule, weight in said.why:
        for field, text in (("title", said.title), ("text", said.text)):
            start = text.find(phrase)
            if start >= 0:
                reasons.append(Reason(rule, field, start, start + len(phrase), phrase, weight))
    for name in said.places:
        for field, text in (("title", said.title), ("text", said.text)):
            start = text.find(name)
            if start >= 0:
                places.append(Place(name, "411003105", field, start, start + len(name)))
    return Assessment(
        relevant=relevant, relevance=0.97 if relevant else 0.02, complaint=relevant, role=PostRole.COMPLAINT if relevant else None,
        negativity=0.9, category=category if relevant else None, aspects=(), severity=said.severity,
        severity_score=3.0, area=Area.INSIDE, places=tuple(places), station=None,
        reasons=tuple(reasons), scorer="scene",
    )  # fmt: skip


def open_with(
    conn: Connection, now: datetime, title: str, category: Category, severity: Severity,
    said: Sequence[Said], place: str | None = None, station: str | None = None,
    state: IncidentState = IncidentState.DISCOVERED, area: Area = Area.INSIDE, reopened: bool = False,
    after: Mapping[int, Callable[[int, datetime], None]] | None = None, **more: Any,
) -> tuple[int, str]:  # fmt: skip
    """An incident of these posts with its timeline; its id and number.

    `after[n]` is called with the incident's id and the time once its n-th post has joined.
    """
    said = sorted(said, key=lambda s: -s.ago)
    first, last = now - timedelta(minutes=said[0].ago), now - timedelta(minutes=said[-1].ago)
    opened_at = first + timedelta(seconds=40)
    what = Incident(
        number=incidents.next_number(conn, opened_at), title=title, category=category, severity=severity, state=state, area=area,
        place_code="411003105" if place else None, place=place, station=station,
        first_event_at=first, last_event_at=last, opened_at=opened_at,
        post_count=len(said), channels=tuple(dict.fromkeys(s.channel for s in said)), **more,
    )  # fmt: skip
    incident_id = incidents.open_incident(conn, what, {}, last + timedelta(minutes=1))
    incidents.add_event(
        conn, incident_id, "opened", Cause.read(f"post:{next(_keys)}"), what.opened_at
    )
    post_ids = say_all(conn, said, now, category)
    for number, (one, post_id) in enumerate(zip(said, post_ids, strict=True)):
        at = now - timedelta(minutes=one.ago)
        incidents.add_post(conn, incident_id, post_id, at)
        if number:
            incidents.add_event(
                conn,
                incident_id,
                "joined",
                Cause.read(f"post:{post_id}"),
                at,
                "",
                f"{number}帖→{number + 1}帖",
            )
        if after and number in after:
            after[number](incident_id, at)
    if reopened:
        incidents.add_event(conn, incident_id, "reopened", Cause.read(f"again:{incident_id}"), last)
    row = incidents.incident(conn, incident_id)
    assert row is not None
    return incident_id, row.incident.number


def tell(
    conn: Connection, incident_id: int, reason: str, report_no: int, severity: Severity,
    at: datetime, answers: Sequence[Answer], raised: str = "",
) -> None:  # fmt: skip
    """An alert with its deliveries: (channel, recipient, outcome, code, the receiver's words)."""
    if reason == "first":
        event: int | None = timeline.events_of(conn, incident_id)[0].id
    else:
        data = {"raised": ["发帖人 9人", "渠道 4个渠道"]} if raised else {}
        note = f"{report_no * 6}帖→{report_no * 6 + 1}帖" + (f"，等级 {raised}" if raised else "")
        cause = f"{reason}:{report_no}"
        event = incidents.add_event(
            conn, incident_id, "joined", Cause.read(cause), at, "", note, data
        )
    assert event is not None
    alert = outbox.add_alert(
        conn,
        incident_id,
        event,
        AlertReason(reason),
        report_no,
        severity,
        "预警",
        {"told": {"post_count": 1, "channels": []}},
        at,
    )
    assert alert is not None
    for channel, recipient, outcome, code, text in answers:
        (name,) = outbox.add_deliveries(conn, alert, [(channel, recipient, at)])
        if outcome == "new":
            continue
        begun = at + timedelta(seconds=0.4)
        # This one alone: the scene tells later things first, which to a lease is a clock put back.
        mine = {"state": "sending", "lease_owner": "scene", "lease_until": begun + LEASE}
        conn.execute(deliveries.update().where(deliveries.c.id == name).values(mine))
        n = sending.record_attempt(conn, name, begun)
        assert n is not None
        done = at + timedelta(seconds=1.2)
        again = at + timedelta(minutes=240) if outcome == "retry" else None
        sending.record_outcome(conn, name, n, done, Outcome(outcome), code, text, again)


def replies(n: int) -> tuple[tuple[str, int], ...]:
    return (("comments", n), ("likes", n * 3), ("views", n * 140))


LOW_VOLTAGE = (("低电压", "电压问题", 1.42), ("空调带不起来", "用电受影响", 1.1), ("没人管", "诉求无回应", 0.8),
               ("孩子中考", "重要人群", 0.9), ("全村", "影响范围大", 0.7), ("电压只有160伏", "电压问题", 1.6))  # fmt: skip


def fill(engine: Engine, now: datetime) -> dict[str, str]:
    """The whole morning. Names of incidents in it → their numbers."""
    numbers = {}
    board, social, hotline = "town-board", "weibo-search", "hotline"
    with write(engine) as conn:
        _sources(conn, now)
        talk = [
            Said(minutes, "forum", "town-board", "周末去哪玩", "孩子想放风筝，求推荐", severity=Severity.NONE)
            for minutes in range(0, 540, 6)
        ]  # fmt: skip
        say_all(conn, talk, now, Category.SUPPLY_QUALITY, relevant=False)
        texts = (
            "小召西村又是低电压，一到晚饭点空调带不起来，电磁炉也热不了。打了几次电话都没人管，联系我 13812345678。",
            "我家在小召西村三组，电压只有160伏，孩子中考在家复习，灯一闪一闪的。全村都这样，变压器太小了吧？",
            "同村的顶一下，低电压半个月了，供电所说排计划，计划排到哪一年？",
        )
        low = [
            Said(95, "gov_board", board, "小召乡小召西村低电压半个月无人处理", texts[0] + "\n\n恳请领导协调，"
                 "尽快给我们村增容或者换线。家里老人用制氧机，不敢停。村里六十多户，一到晚上七点以后就都用不成，"
                 "去年也反映过一次，当时答复说列入改造计划，可是到今天没有看到任何动静，也没有人来村里看过线路。"
                 "变压器在村东头，还是十几年前的那台，线也细，好几根电杆歪着，刮风的时候火花直冒，看着就害怕。"
                 "再过一个月就是用电高峰，麦收以后家家都要抽水浇地，到那时候怕是连灯都点不亮，孩子写作业只能去镇上亲戚家。我们不是要为难谁，就想正正常常用上电，请给个准话，什么时候能改，改之前能不能先调一调负荷。",
                 (*LOW_VOLTAGE, ("制氧机", "重要人群", 1.8), ("火花", "触电风险", 1.3)), ("小召乡小召西村", "小召西村"),
                 replies(12), region="建安区",
                 reply="您好，留言已转建安供电公司核实，工作人员将在24小时内与您联系，电话 0374-2123456。"),
            Said(88, "hotline_12345", hotline, "反映电压低", texts[1], LOW_VOLTAGE, ("小召西村",), region="建安区"),
            Said(61, "weibo", social, "", "#建安身边事# " + texts[1] + " 转给大家看看", LOW_VOLTAGE, ("小召西村",), replies(45)),
            Said(58, "weibo", social, "", "#建安身边事# " + texts[1] + " 转给大家看看", LOW_VOLTAGE, ("小召西村",), replies(3)),
        ]  # fmt: skip
        low += [
            Said(50 - i * 2.6, "weibo" if i % 3 else "forum", social if i % 3 else board, "" if i % 3 else "小召西村的电",
                 texts[2] + f" 第{i + 1}天", LOW_VOLTAGE[:3], (), replies(i + 1))
            for i in range(18)
        ]  # fmt: skip
        ok = ("centre", "", "delivered", "0", "ok")
        group = ("duty_group", "", "delivered", "0", "ok")
        file = ("file", "", "delivered", "200", "written")
        busy = ("duty_group", "", "retry", "45009", "api freq out of limit")
        leader = ("duty_group", "张班长", "delivered", "0", "ok")

        def told(reason: str, n: int, severity: Severity, raised: str, *answers: Answer) -> Told:
            return lambda one, at: tell(conn, one, reason, n, severity, at, answers, raised)

        _, numbers["low"] = open_with(
            conn, now, "小召乡小召西村低电压持续半个月", Category.SUPPLY_QUALITY, Severity.RED, low,
            "小召乡小召西村", "小召供电所", report_no=3, after={
                0: told("first", 1, Severity.YELLOW, "", ok, group, file),
                8: told("severity_raised", 2, Severity.ORANGE, "较大→重大", ok, busy),
                18: told("severity_raised", 3, Severity.RED, "重大→特别重大", ok, leader),
            })  # fmt: skip

        storm = [
            Said(190 - i * 11, ("short_video", "wechat", "gov_board")[i % 3], (social, "wx", board)[i % 3],
                 "昨晚打雷家电全烧了" if i % 3 == 2 else "",
                 f"昨晚一声响，五女店镇苗店村好多家电视冰箱都烧坏了，我家{('电视', '冰箱', '洗衣机')[i % 3]}也废了，谁来赔？",
                 (("烧坏了", "家电损坏", 1.3), ("谁来赔", "索赔诉求", 1.1), ("好多家", "影响范围大", 0.6)), ("五女店镇苗店村",),
                 replies(9 + i))
            for i in range(11)
        ]  # fmt: skip
        two, numbers["storm"] = open_with(
            conn, now, "五女店镇苗店村雷雨后多户家电烧毁", Category.APPLIANCE_DAMAGE, Severity.ORANGE, storm,
            "五女店镇苗店村", "五女店供电所", IncidentState.ACKNOWLEDGED, report_no=2,
            after={0: told("first", 1, Severity.ORANGE, "", ok, group),
                   5: told("grew", 2, Severity.ORANGE, "", ok)})  # fmt: skip
        incidents.add_event(conn, two, "acknowledged", Cause.read("act:1"), now - timedelta(minutes=180), "李建国",
                            "已联系保险专责，下午到户登记", {"from": "discovered"})  # fmt: skip

        for title, category, severity, place, station, state, ago, count, more in (
            ("将官池镇水岸小区物业转供电加价", Category.BILLING_SERVICE, Severity.YELLOW, "将官池镇水岸小区", "将官池供电所",
             IncidentState.DISCOVERED, 260, 6, {"report_no": 1}),
            ("蒋李集镇寇庄村低压线垂到房顶", Category.LINE_SAFETY, Severity.ORANGE, "蒋李集镇寇庄村", "蒋李集供电所",
             IncidentState.INVESTIGATING, 1500, 4, {"report_no": 2, "reopened": True}),
            ("灵井镇灌溉临时用电申请一周没装表", Category.TEMPORARY_SUPPLY, Severity.BLUE, "灵井镇", "灵井供电所",
             IncidentState.DISCOVERED, 33, 1, {"report_no": 1}),
            ("陈曹乡新建房接电被推来推去", Category.METER_RENOVATION, Severity.BLUE, "陈曹乡", "陈曹供电所",
             IncidentState.RESPONDED, 2900, 3, {"report_no": 1}),
            ("网友称多次停电未提前通知", Category.SUPPLY_QUALITY, Severity.YELLOW, None, None,
             IncidentState.DISCOVERED, 75, 2, {"area": Area.UNKNOWN, "report_no": 1}),
            ("鄢陵县某小区频繁停电", Category.SUPPLY_QUALITY, Severity.YELLOW, "鄢陵县", None,
             IncidentState.DISCOVERED, 120, 5, {"area": Area.OUTSIDE}),
            ("桂村乡低电压改造后已恢复", Category.SUPPLY_QUALITY, Severity.YELLOW, "桂村乡", "桂村供电所",
             IncidentState.CLOSED, 4000, 7, {"report_no": 3}),
            ("榆林乡停电被误认为故障", Category.SUPPLY_QUALITY, Severity.BLUE, "榆林乡", "榆林供电所",
             IncidentState.FALSE_ALARM, 1300, 2, {"report_no": 1}),
        ):  # fmt: skip
            said = [
                Said(ago - i * (ago / (count + 2)), ("gov_board", "hotline_12345", "weibo")[i % 3],
                     (board, hotline, social)[i % 3], title, f"{title}，请尽快处理，等了{i + 2}天了。",
                     (("尽快处理", "诉求迫切", 0.5),), (place,) if place else (), replies(i))
                for i in range(count)
            ]  # fmt: skip
            first = {0: told("first", 1, severity, "", ok)} if more.get("report_no") else None
            _, number = open_with(
                conn,
                now,
                title,
                category,
                severity,
                said,
                place,
                station,
                state,
                after=first,
                **more,
            )
            numbers[title] = number
    return numbers


def _sources(conn: Connection, now: datetime) -> None:
    names = ("town-board", "weibo-search", "hotline", "local-news", "county-forum")
    sources.ensure_sources(conn, names, now - timedelta(minutes=1))
    for due in sources.due_sources(conn, now, "scene", 60, 10):
        broken = due.name == "county-forum"
        outcome = PollOutcome(
            PollResult.FAILED if broken else PollResult.NEW,
            now - timedelta(seconds=50), now + timedelta(minutes=4),
            "列表页 https://example.org/list 返回 200，但选择器 .post-item 没有匹配到任何条目，网页可能已改版。" if broken else None,
            posts=24, avg_yield=None if broken else 20.0)  # fmt: skip
        sources.finish_poll(conn, due.name, due.fence, outcome, {"page": 1})


def grow(engine: Engine, number: str, said: Said, now: datetime) -> None:
    """One more post joins an incident."""
    with write(engine) as conn:
        row = incidents.find(conn, number)
        assert row is not None
        post_id = say(conn, said, now, row.incident.category)
        incidents.add_post(conn, row.id, post_id, now)
        incidents.add_event(conn, row.id, "joined", Cause.read(f"post:{post_id}"), now)
        more = replace(row.incident, post_count=row.incident.post_count + 1, last_event_at=now)
        incidents.grow_incident(conn, row.id, more, row.profile, now)
