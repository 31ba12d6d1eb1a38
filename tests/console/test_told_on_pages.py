"""What an incident's page tells: its timeline, what became of each alert, why it was flagged."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from db.pages.incident import Grounds, ShownAlert, ShownDelivery, ShownIncident
from db.timeline import EventRow
from domain.assessments import Area, Category, Reason, Severity
from domain.clock import SHANGHAI
from domain.incidents.events import Cause
from domain.incidents.incident import Incident, IncidentState
from gridvoice.console.incidents.cards import card
from gridvoice.console.incidents.reasons import rule_title, weigh
from gridvoice.console.incidents.timeline import story

NOW = datetime(2026, 3, 1, 12, tzinfo=SHANGHAI)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def event(number: int, kind: str, *, who: str = "", note: str = "", **data: Any) -> EventRow:
    at = NOW - (100 - number) * MINUTE
    return EventRow(number, 1, number, kind, Cause("x", (str(number),)), at, who, note, data)


def delivery(**changes: Any) -> ShownDelivery:
    one = ShownDelivery("group", "", "delivered", 1, False, NOW, NOW, "0", "ok", None)
    return replace(one, **changes)


def alert(of: int, *deliveries: ShownDelivery, reason: str = "first") -> ShownAlert:
    return ShownAlert(of, reason, 1, "red", NOW - MINUTE, deliveries)


def told(events: list[EventRow], *alerts: ShownAlert) -> list[tuple[str, str, tuple[str, ...]]]:
    shown = story(events, alerts, {"group": "值班群"}, NOW)
    return [(entry.kind, entry.what, entry.lines) for entry in shown]


def test_posts_that_joined_one_after_the_other_are_one_entry() -> None:
    joined = [event(n, "joined", note=f"n{n}") for n in (5, 4, 3)]
    opened = event(1, "opened", note="首帖")
    assert told([*joined, opened]) == [
        ("joined", "3 条新帖并入", ()), ("opened", "发现事件", ("首帖",)),
    ]  # fmt: skip
    assert told(joined[:1]) == [("joined", "新帖并入", ("n5",))]
    # An act between them, a raised level and an alert each part them.
    act = event(4, "acknowledged", who="王工", note="去看")
    assert [e[0] for e in told([joined[0], act, joined[2]])] == ["joined", "act", "joined"]
    raised = event(4, "joined", note="4帖", raised=["停电 三天", "打 13812345678"])
    found = told([joined[0], raised, joined[2]])
    assert found[1] == ("raised", "等级升高", ("4帖", "因：停电 三天、打 138****5678"))
    assert len(told([joined[0], joined[1], joined[2]], alert(4, delivery()))) == 3


def test_what_caused_an_alert_stands_in_it_and_an_act_beside_it() -> None:
    (grew,) = told([event(3, "joined", note="三帖")], alert(3, delivery(), reason="grew"))
    assert grew == ("alert", f"第1报 · {Severity.RED.label} · 扩散", ("三帖",))
    kinds = [e[0] for e in told([event(3, "closed", who="王")], alert(3, reason="closed"))]
    assert kinds == ["alert", "act"]
    for reason in ("severity_raised", "reopened"):
        assert told([event(3, "joined")], alert(3, reason=reason))[0][0] == reason
    (silent,) = told([event(3, "edited", note="x")], alert(3))
    assert silent[2] == ("x", "没有可用的预警通道，未推送。")


def test_who_did_what_is_masked() -> None:
    note = "电话13812345678"
    assert told([event(1, "note", who="王工", note=note)])[0][2] == ("王工：电话138****5678",)
    assert told([event(1, "note", who="13812345678")])[0][2] == ("138****5678",)
    assert told([event(1, "strange", note="x")]) == [("joined", "strange", ("x",))]


@pytest.mark.parametrize(
    ("one", "to", "tries", "answer"),
    [
        (delivery(), "值班群", "今天 12:00，用时 60.0 秒", ""),
        (delivery(delivered_at=NOW + 29 * SECOND), "值班群", "今天 12:00，用时 89.0 秒", ""),
        (delivery(delivered_at=NOW + 30 * SECOND), "值班群", "今天 12:00，用时 2 分钟", ""),
        (delivery(delivered_at=NOW - HOUR), "值班群", "今天 11:00，用时 0.0 秒", ""),
        (delivery(attempts=2, resend=True, recipient="13812345678"), "值班群 → 138****5678",
         "今天 12:00，用时 60.0 秒，第 2 次成功，重发", ""),
        (delivery(channel="sms", state="new", delivered_at=None, attempts=0, last_code=None,
                  last_text=None), "sms", "0 次尝试", ""),
        (delivery(state="retry", delivered_at=None, attempts=3, next_at=NOW + HOUR,
                  last_code="503", last_text="打 13812345678"),
         "值班群", "3 次尝试，今天 13:00 再试", "应答：503 打 138****5678"),
        (delivery(state="retry", delivered_at=None, next_at=NOW, last_text=None),
         "值班群", "1 次尝试，等待再试", "应答：0"),
        (delivery(state="dead", delivered_at=None, attempts=9, next_at=NOW + HOUR),
         "值班群", "9 次尝试", "应答：0 ok"),
    ],
)  # fmt: skip
def test_what_became_of_a_delivery(one: ShownDelivery, to: str, tries: str, answer: str) -> None:
    shown = story([event(3, "opened")], [alert(3, one)], {"group": "值班群"}, NOW)
    (sent,) = shown[0].sent
    assert (sent.to, sent.tries, sent.answer) == (to, tries, answer)


def reason(rule: str, text: str, weight: float, field: str = "text", start: int = 0) -> Reason:
    return Reason(rule, field, start, start + len(text) if field else 0, text, weight)


def test_each_reason_counts_once_the_weightiest_first_with_the_posts_that_have_it() -> None:
    first = Grounds("", "停电三天没人管", (reason("a:停电时间", "停电三天", 32.0),
                                   reason("反映无果", "没人管", -16.0, start=4)))  # fmt: skip
    second = Grounds("停电三天", "停电三天", (reason("停电时间", "停电三天", 20.0, "title"),
                                      reason("停电时间", "停电三天", 10.0)))  # fmt: skip
    found = weigh([first, second])
    assert [(w.what, w.quote, w.where, w.weight, w.bar) for w in found] == [
        ("停电时间", "「停电三天」", "2 条帖文", 32.0, 60),
        ("反映无果", "「没人管」", "1 条帖文", -16.0, 30),
    ]
    assert weigh([]) == []
    assert rule_title("unit/a:b/停电") == "停电"


def test_a_figure_is_one_line_a_rule_and_a_quote_is_masked() -> None:
    reach = [Grounds("", "x", (reason("传播热度", f"{n}", float(n), ""),)) for n in (3, 30, 1)]
    (only,) = weigh(reach)
    assert (only.quote, only.weight, only.where) == ("30", 30.0, "3 条帖文")
    number = Grounds("", "打13812345678没人接", (reason("r", "1234", 1.0, start=4),))
    assert weigh([number])[0].quote == "「138****5678」"
    many = Grounds("", "x", tuple(reason(f"r{n:02}", "", 100.0 / n, "") for n in range(1, 20)))
    shown = weigh([many])
    assert [w.what for w in shown] == [f"r{n:02}" for n in range(1, 13)]
    assert [shown[0].bar, shown[1].bar, shown[11].bar] == [60, 30, 5]
    tiny = Grounds("", "x", (reason("a", "", 1000.0, ""), reason("b", "", 0.1, "")))
    assert weigh([tiny])[1].bar == 2


INCIDENT = Incident(
    number="20260301-001", title="打13812345678", category=Category.SUPPLY_QUALITY,
    severity=Severity.ORANGE, state=IncidentState.DISCOVERED, area=Area.INSIDE, place_code="4110",
    place="小召乡", station="小召供电所", first_event_at=NOW - HOUR, last_event_at=NOW,
    opened_at=NOW - 31 * MINUTE, post_count=3, channels=("weibo", "odd"),
)  # fmt: skip


def shown(**changes: Any) -> Any:
    incident = replace(INCIDENT, **changes)
    return card(ShownIncident(1, incident, NOW - MINUTE), [(NOW, 2)], False, None, NOW)


def test_a_card_says_how_long_it_waits_and_whether_that_is_too_long() -> None:
    waiting = shown()
    assert (waiting.age, waiting.pressing, waiting.open) == ("待接收 31分钟", True, True)
    assert not shown(opened_at=NOW - 30 * MINUTE).pressing
    taken = shown(state=IncidentState.ACKNOWLEDGED)
    assert (taken.age, taken.pressing, taken.open) == ("历时 31分钟", False, True)
    over = shown(state=IncidentState.CLOSED)
    assert (over.age, over.pressing, over.open) == ("历时 30分钟", False, False)
    assert waiting.allows == {"ack", "close", "false_alarm"}
    assert taken.allows == {"close", "false_alarm"}
    assert over.allows == frozenset()


def test_a_card_tells_the_matter_in_a_sentence_masked() -> None:
    told = shown()
    assert told.title == "打138****5678"
    category = Category.SUPPLY_QUALITY.label
    assert told.where == ("小召乡", "小召供电所", category)
    assert told.summary.startswith(f"小召乡：3 条帖文反映{category}问题，见于")
    assert told.summary.endswith("，近1小时新增 2 条。")
    bare = shown(place=None, station=None, channels=())
    assert bare.where == ("地点不明", category)
    assert bare.summary.startswith("地点尚未识别：3 条帖文反映")
    assert "见于" not in bare.summary
