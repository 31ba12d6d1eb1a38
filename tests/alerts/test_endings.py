"""How the end of a matter is told: each end in its own words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from alerts.notice.compose import Report, compose
from domain.alerts import AlertReason
from domain.incidents.incident import Incident, IncidentState


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (IncidentState.CLOSED, "处置完毕，已办结，历时"),
        (IncidentState.FALSE_ALARM, "经核实为误报，无需再处置"),
        (IncidentState.MERGED, "已并入同一事由的其他事件，请看链接"),
    ],
)
def test_an_end_says_which_it_is(
    make_incident: Callable[..., Incident], now: datetime, state: IncidentState, said: str
) -> None:
    incident = make_incident(state=state, report_no=2, opened_at=now - timedelta(hours=5))
    told = compose(Report(incident, AlertReason.CLOSED, now, (), None, "https://gv.example.com"))
    assert told.is_over
    assert sum(said in fact.words for fact in told.facts) == 1
    assert not told.quotes
