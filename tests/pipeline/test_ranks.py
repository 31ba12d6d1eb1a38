"""Of several incidents that a post may join: the one that it fits by the widest margin."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from assessed_posts import OUTAGE, incident, post

from domain.assessments import Category
from pipeline.incidents.match import best
from pipeline.incidents.settings import ClusterSettings
from pipeline.places.locate import Locator

HOUR = timedelta(hours=1)
NEW = "小召街道毛里村停电一整天，冰箱里的肉全坏了，打电话没人接"
OTHER_WORDS = "小召街道毛里村早上断电，孩子没法上网课"
LIKE_WORDS = "小召街道毛里村停电，冰箱里的肉全坏了，营业厅打电话没人接态度差"


@pytest.mark.parametrize(
    "category", [OUTAGE, Category.TEMPORARY_SUPPLY, Category.LINE_SAFETY, Category.BILLING_SERVICE]
)
def test_words_that_are_nearly_the_same_outweigh_a_place_that_is_enough(
    locator: Locator, grouping: ClusterSettings, category: Category
) -> None:
    new = post(locator, NEW, after=2 * HOUR)
    at_place = incident(post(locator, OTHER_WORDS), number=1)
    in_words = incident(post(locator, LIKE_WORDS, category), number=2)
    for known in ([at_place, in_words], [in_words, at_place]):
        assert best(new, known, grouping).candidate is in_words
    # Its place alone is enough for the other, where no words come nearer.
    assert best(new, [at_place], grouping).candidate is at_place


def test_of_two_that_fit_alike_the_more_recent_is_joined(
    locator: Locator, grouping: ClusterSettings
) -> None:
    new = post(locator, NEW, after=9 * HOUR)
    older = incident(post(locator, LIKE_WORDS), number=1)
    newer = replace(older, incident_id=2, last_event_at=older.last_event_at + HOUR)
    for known in ([older, newer], [newer, older]):
        assert best(new, known, grouping).candidate is newer


def test_of_old_matters_the_one_in_the_nearest_words_is_the_one_before(
    locator: Locator, grouping: ClusterSettings
) -> None:
    new = post(locator, NEW, after=timedelta(days=31, hours=1))
    like = incident(post(locator, LIKE_WORDS), number=1)
    # After its window a place is enough no more: only words are.
    other = incident(post(locator, OTHER_WORDS), number=2)
    for known in ([like, other], [other, like]):
        chosen = best(new, known, grouping)
        assert (chosen.candidate, chosen.previous) == (None, like)
    edge = replace(new, at=like.last_event_at + grouping.returns_within)
    assert best(edge, [like], grouping).candidate is like
