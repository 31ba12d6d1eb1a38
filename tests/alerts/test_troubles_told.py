"""What the operator is told of the system's troubles, and which message is which."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alerts.notice.notice import TroubleItem, Troubles
from alerts.notice.troubles import compose_troubles, id_of

NOW = datetime(2026, 11, 23, 19, 10, tzinfo=UTC)


def items(count: int, name: str = "x") -> tuple[TroubleItem, ...]:
    since = NOW - timedelta(hours=1)
    return tuple(TroubleItem(f"{name}:{n}", "读不到", "检查", since) for n in range(count))


def left(begun: int, over: int) -> str:
    facts = compose_troubles("许昌", Troubles(items(begun), items(over, "y")), None, NOW).facts
    return facts[-1].words if facts[-1].words.startswith("另有") else ""


def test_of_many_troubles_the_first_six_of_each_kind_are_said_and_the_others_counted() -> None:
    assert left(6, 6) == ""
    assert left(7, 6) == "另有 1 项，见控制台。"
    assert left(8, 9) == "另有 5 项，见控制台。"
    assert left(0, 7) == "另有 1 项，见控制台。"
    told = compose_troubles("许昌", Troubles(items(7), ()), None, NOW)
    assert (len(told.facts), told.heading) == (13, "【系统告警】7 项异常")
    told = compose_troubles("许昌", Troubles((), items(8)), None, NOW)
    assert [fact.label for fact in told.facts] == ["已恢复"] * 6 + [""]
    assert compose_troubles("许昌", Troubles((), items(2)), None, NOW).heading == "【系统恢复】2 项"


def test_the_same_troubles_are_one_message_in_whatever_order() -> None:
    begun, over = items(2), items(1, "y")
    same = {id_of(Troubles(begun, over)), id_of(Troubles(begun[::-1], over))}
    assert len(same) == 1
    assert id_of(Troubles(over, begun)) not in same
    assert id_of(Troubles(begun, ())) not in same


def test_a_trouble_says_since_when_and_names_the_day_only_where_it_is_another() -> None:
    def said(hours: float) -> str:
        item = TroubleItem("x", "读不到。", "", NOW - timedelta(hours=hours))
        (fact,) = compose_troubles("许昌", Troubles((item,), ()), None, NOW).facts
        return fact.words

    assert said(3) == "1. 读不到（00:10起）"
    assert said(4) == "1. 读不到（11月23日 23:10起）"


def test_what_leaves_is_masked_and_bounded() -> None:
    what = "联系 13812345678 " + "长" * 400
    item = TroubleItem("x", what, what, NOW)
    told = compose_troubles("许昌", Troubles((item,) * 25, (item,)), "https://gv.example.com", NOW)
    assert isinstance(told.about, Troubles)
    assert (len(told.about.begun), told.action.link) == (20, "https://gv.example.com")
    for kept in (told.about.begun[0], told.about.over[0]):
        assert (len(kept.what), len(kept.todo)) == (300, 200)
        assert "13812345678" not in kept.what + kept.todo
    assert "13812345678" not in str(told.facts)
