"""A notice that is sent long after it was written says of which day its words are."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from alert_stories import FORUM, NOW, OXYGEN, notice

from alerts.channels.webhook import payload_of
from alerts.notice import layout
from alerts.notice.late import LATE_AFTER, as_sent

SECOND = timedelta(seconds=1)
UTC = ZoneInfo("UTC")


@pytest.mark.parametrize("age", [-timedelta(days=1), timedelta(0), LATE_AFTER - SECOND])
def test_what_is_sent_soon_is_sent_as_it_was_written(age: timedelta) -> None:
    assert as_sent(notice(), NOW + age, None) == notice()


def test_what_is_late_names_its_day_in_the_zone_of_the_utility() -> None:
    """NOW is 03:10 of 24 November in Shanghai."""
    assert as_sent(notice(), NOW + LATE_AFTER, None).remark == "〔写于11月24日03:10〕"
    assert as_sent(notice(), NOW + LATE_AFTER, None, UTC).remark == "〔写于11月23日19:10〕"
    next_year = as_sent(notice(), NOW + timedelta(days=60), None)
    assert next_year.remark == "〔写于2026年11月24日03:10〕"


def test_what_a_later_report_overtook_says_so() -> None:
    assert as_sent(notice(), NOW, 3).remark == "〔此前已发第3报，以其为准〕"
    assert as_sent(notice(), NOW + LATE_AFTER, 3).remark == (
        "〔写于11月24日03:10；此前已发第3报，以其为准〕"
    )


@pytest.mark.parametrize("resend", [False, True])
def test_the_remark_stands_by_the_number_and_within_every_limit(resend: bool) -> None:
    late = as_sent(notice(OXYGEN, FORUM), NOW + LATE_AFTER, 2)
    late = dataclasses.replace(late, resend=resend)
    for laid_out in (layout.text(late), layout.text(late, 600), layout.markdown(late, 600)):
        assert laid_out.split("\n")[1].endswith(late.remark)
        assert (layout.RESEND_MARK in laid_out) is resend
    for limit in range(400, 1200, 50):
        assert len(layout.text(late, limit).encode()) <= limit
    assert late.remark in layout.sentence(late)


def test_machines_get_the_moment_as_ever() -> None:
    late = as_sent(notice(), NOW + LATE_AFTER, 2)
    assert payload_of(late) == payload_of(notice())
