"""Acts and assessing at once: no word is overwritten, no report counted twice, no event lost."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from app_scene import NOW, all_alerts, all_incidents, assess_at, found, take, timeline
from sqlalchemy import Engine

from domain.incidents.incident import Incident, IncidentState
from gridvoice.handling.acts import NotNow, acknowledge, call_false_alarm, close
from gridvoice.settings.configuration import Configuration

MATTERS = (
    "小召乡北寨村停电三天没人管，请供电所尽快解决",
    "五女店镇老店村电压太低空调带不动，没人管",
    "椹涧乡岗王村有人触电了，电线掉在地上一直没人处理",
)
ROUNDS = 10
LEADS_TO = {
    "opened": IncidentState.DISCOVERED,
    "reopened": IncidentState.DISCOVERED,
    "acknowledged": IncidentState.ACKNOWLEDGED,
    "closed": IncidentState.CLOSED,
    "false_alarm": IncidentState.FALSE_ALARM,
}


def test_acts_and_assessing_leave_each_other_whole(engine: Engine, config: Configuration) -> None:
    take(engine, *(found(f"{n}-0", text) for n, text in enumerate(MATTERS)))
    assess_at(engine, config)
    numbers = [row.incident.number for row in all_incidents(engine)]
    over, done, broken = threading.Event(), Counter[str](), list[BaseException]()
    start = threading.Barrier(4)

    def assessing() -> None:
        start.wait(30)
        for n in range(1, ROUNDS + 1):
            at = NOW + timedelta(minutes=10 * n)
            posts = [found(f"{m}-{n}", f"{text}，第{n}天", at=at) for m, text in enumerate(MATTERS)]
            take(engine, *posts, now=at)
            assess_at(engine, config, at)

    def acting(turn: int) -> Callable[[], None]:
        def act() -> None:
            start.wait(30)
            n = turn
            while not over.is_set():
                n += 1
                number, at = numbers[n % len(numbers)], NOW + timedelta(minutes=n)
                for kind, work in (("acknowledged", acknowledge), ("closed", close)):
                    try:
                        after: Incident = work(engine, config, number, f"{turn}号", "", at)
                    except NotNow:
                        continue
                    done[kind] += 1
                    assert after.state is LEADS_TO[kind]
                over.wait(0.01)

        return act

    def watched(work: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                broken.append(error)
                start.abort()

        return run

    assess_thread = threading.Thread(target=watched(assessing))
    others = [threading.Thread(target=watched(acting(turn))) for turn in range(3)]
    for one in (assess_thread, *others):
        one.start()
    assess_thread.join(240)
    over.set()
    for one in others:
        one.join(60)
    assert broken == []

    posts = Counter[str]()
    acts = Counter[str]()
    for row in all_incidents(engine):
        events = timeline(engine, row)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        state = None
        for event in events:
            if event.kind in ("acknowledged", "closed"):
                acts[event.kind] += 1
                assert event.data["from"] == state, "an act on what the timeline does not show"
            if event.kind in ("opened", "joined", "reopened"):
                posts[row.incident.number] += 1
            state = LEADS_TO.get(event.kind, state)
        assert row.incident.state is state, "somebody's word was overwritten"
        assert row.incident.post_count == posts[row.incident.number]
        told = sorted(a.report_no for a in all_alerts(engine) if a.incident_id == row.id)
        assert told == list(range(1, row.incident.report_no + 1))
    assert acts == done
    assert posts.total() == len(MATTERS) * (ROUNDS + 1)
    assert done["closed"] > len(MATTERS), "they met only once"


@pytest.mark.parametrize("act", [acknowledge, close, call_false_alarm])
def test_two_at_once_leave_one_event_and_one_refusal(
    engine: Engine, config: Configuration, act: Callable[..., Incident]
) -> None:
    take(engine, found("1", MATTERS[0]))
    assess_at(engine, config)
    number = all_incidents(engine)[0].incident.number
    start, refusals = threading.Barrier(2), list[str]()

    def click(who: str) -> None:
        start.wait(30)
        try:
            act(engine, config, number, who, "", NOW)
        except NotNow as refused:
            refusals.append(str(refused))

    people = [threading.Thread(target=click, args=(who,)) for who in ("张三", "李四")]
    for one in people:
        one.start()
    for one in people:
        one.join(60)
    assert len(refusals) == 1
    assert number in refusals[0]
    (row,) = all_incidents(engine)
    kinds = [event.kind for event in timeline(engine, row)]
    assert kinds == ["opened", row.incident.state.value]
