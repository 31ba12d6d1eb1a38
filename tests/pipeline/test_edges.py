"""Just under, on and just over the lines that grouping and rating draw."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.model import Category, Severity
from domain.text import content_hash
from pipeline.candidate_index import CandidateIndex
from pipeline.cluster import Candidate, ClusterSettings, Item, choose, grow
from pipeline.locate import Locator
from pipeline.severity import IncidentFacts, SeverityRules

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
LINES, OUTAGE = Category.LINE_SAFETY, Category.SUPPLY_QUALITY


def item(locator: Locator, text: str, category: Category = LINES) -> Item:
    located = locator.locate("", text)
    return Item(
        category, located.area, located.places, START, "", text, content_hash("", text), "weibo"
    )


def incident(post: Item, number: int = 1) -> Candidate:
    return Candidate(
        number, post.category, post.area, None, post.event_at, post.event_at, grow(None, post)
    )


def similarity(post: Item, known: Candidate, settings: ClusterSettings) -> float:
    """Of their wording, however little is asked for."""
    lax = replace(settings, same_site=0.0, site_other_category=0.0, repost=1.0)
    return choose(post, [known], lax).similarity


def test_after_its_window_a_matter_needs_a_closer_wording(
    locator: Locator, grouping: ClusterSettings
) -> None:
    old = incident(item(locator, "小召街道毛里村口电线垂到路面，孩子天天路过"))
    post = item(locator, "小召街道毛里村的电线垂着没人来管")
    window, hour = grouping.windows[LINES], timedelta(hours=1)
    asked = replace(grouping, returns_within=window * 3)
    like = similarity(post, old, asked)
    assert 0.05 < like < 0.8

    def joins(after: timedelta, needed: float, extra: float) -> bool:
        later = replace(post, event_at=START + after)
        settings = replace(asked, same_site=needed, returns_extra=extra)
        return choose(later, [old], settings).candidate is not None

    assert joins(window - hour, needed=like - 0.02, extra=0.04)
    assert not joins(window + hour, needed=like - 0.02, extra=0.04)
    assert joins(window + hour, needed=like - 0.04, extra=0.02)


def test_of_two_incidents_the_one_that_clears_its_own_line_by_more_is_joined(
    locator: Locator, grouping: ClusterSettings
) -> None:
    post = item(locator, "小召街道毛里村口电线垂到路面没人管")
    fits = incident(item(locator, "小召街道毛里村的电线垂着，求处理"), number=1)
    reads_alike = incident(
        item(locator, "小召街道毛里村口电线垂到路面，谁来管", Category.APPLIANCE_DAMAGE), number=2
    )
    some, more = (similarity(post, known, grouping) for known in (fits, reads_alike))
    assert 0.1 < some < more < 1.0
    settings = replace(
        grouping, same_site=0.0, site_other_category=more - some / 2, repost=1.0, neighbours=()
    )
    for known in ([fits, reads_alike], [reads_alike, fits]):
        assert choose(post, known, settings).candidate is fits
    assert choose(post, [reads_alike], settings).candidate is reads_alike


def test_in_a_town_with_many_open_incidents_the_newest_are_compared(
    locator: Locator, grouping: ClusterSettings
) -> None:
    bill = item(locator, "小召乡电费算错了，营业厅让自己查", Category.BILLING_SERVICE)
    town = [incident(replace(bill, hash=str(n)), number=n) for n in range(60)]
    town.append(incident(item(locator, "小召乡停电了", OUTAGE), number=60))
    post = item(locator, "建安区毛里村没电", OUTAGE)
    chosen = CandidateIndex(grouping, town).choose(post).candidate
    assert chosen is not None
    assert chosen.incident_id == 60


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
    assert level(enough).rank > Severity.YELLOW.rank
