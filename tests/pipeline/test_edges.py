"""Just under, on and just over the lines that grouping and rating draw."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from assessed_posts import START, incident, post

from domain.assessments import Category, Severity
from pipeline.incidents.match import Candidate, best
from pipeline.incidents.post import PostFacts
from pipeline.incidents.settings import ClusterSettings
from pipeline.places.locate import Locator
from pipeline.severity.rate import IncidentFacts, SeverityRules

LINES = Category.LINE_SAFETY


def similarity(one: PostFacts, known: Candidate, settings: ClusterSettings) -> float:
    """Of their wording, however little is asked for."""
    lax = replace(settings, same_site=0.0, site_other_category=0.0, repost=1.0)
    return best(one, [known], lax).similarity


def test_after_its_window_a_matter_needs_a_closer_wording(
    locator: Locator, grouping: ClusterSettings
) -> None:
    old = incident(post(locator, "小召街道毛里村口电线垂到路面，孩子天天路过", LINES))
    one = post(locator, "小召街道毛里村的电线垂着没人来管", LINES)
    window, hour = grouping.windows[LINES], timedelta(hours=1)
    asked = replace(grouping, returns_within=window * 3)
    like = similarity(one, old, asked)
    assert 0.05 < like < 0.8

    def joins(after: timedelta, needed: float, extra: float) -> bool:
        later = replace(one, at=START + after)
        settings = replace(asked, same_site=needed, returns_extra=extra)
        return best(later, [old], settings).candidate is not None

    assert joins(window - hour, needed=like - 0.02, extra=0.04)
    assert not joins(window + hour, needed=like - 0.02, extra=0.04)
    assert joins(window + hour, needed=like - 0.04, extra=0.02)


def test_of_two_incidents_the_one_that_clears_its_own_line_by_more_is_joined(
    locator: Locator, grouping: ClusterSettings
) -> None:
    one = post(locator, "小召街道毛里村口电线垂到路面没人管", LINES)
    fits = incident(post(locator, "小召街道毛里村的电线垂着，求处理", LINES), number=1)
    reads_alike = incident(
        post(locator, "小召街道毛里村口电线垂到路面，谁来管", Category.APPLIANCE_DAMAGE), number=2
    )
    some, more = (similarity(one, known, grouping) for known in (fits, reads_alike))
    assert 0.1 < some < more < 1.0
    settings = replace(
        grouping, same_site=0.0, site_other_category=more - some / 2, repost=1.0, neighbours=()
    )
    for known in ([fits, reads_alike], [reads_alike, fits]):
        assert best(one, known, settings).candidate is fits
    assert best(one, [reads_alike], settings).candidate is reads_alike


def test_a_calm_matter_rises_two_levels_only_when_enough_write(
    severity_rules: SeverityRules,
) -> None:
    enough = severity_rules.settings.incident.one_level_below

    def level(writers: int) -> Severity:
        facts = IncidentFacts(
            Severity.BLUE, 50.0, posts=writers * 9, writers=writers, channels=6, velocity=90
        )
        return severity_rules.rate_incident(facts).severity

    assert level(enough - 1) is Severity.YELLOW
    assert level(enough) > Severity.YELLOW
