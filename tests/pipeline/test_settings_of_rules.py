"""Settings of rules: what cannot work is refused, and each step counts from its own number on."""

from __future__ import annotations

import pytest

from domain.assessments import Category, Severity
from pipeline.aspects import Aspect, Aspects, CategorySettings
from pipeline.incidents.lately import Lately
from pipeline.places.gazetteer import RegionSettings
from pipeline.severity.settings import Levels, Sign, Steps
from pipeline.text.normalise import squeeze
from pipeline.text.phrases import PhraseBook


def test_a_phrase_of_one_character_is_refused_wherever_it_is_written() -> None:
    for made in (Sign("x", ("断 电", "电 ", "死")), Aspect("x", ("断 电", "电 ", "死"))):
        assert [name for name, _ in made.problems()] == ["phrases", "phrases"]
    region = RegionSettings("x", ("411003",), not_places=("兰州拉面", "兰 "))
    assert [name for name, _ in region.problems()] == ["not_places"]
    with pytest.raises(ValueError, match="two characters or more: '电'"):
        PhraseBook({"停电": 1, "电": 2})


def test_a_territory_is_written_in_codes() -> None:
    assert [name for name, _ in RegionSettings("x", ()).problems()] == ["territory"]
    assert [name for name, _ in RegionSettings("x", ("建安区", "411003")).problems()] == [
        "territory"
    ]
    assert not list(RegionSettings("x", ("411003",)).problems())


def test_the_highest_step_that_is_reached_counts() -> None:
    steps = Steps("停电时间", {6.0: 8.0, 2.0: 4.0, 24.0: 16.0})
    assert [steps.weight(q) for q in (0, 1.9, 2, 5.9, 6, 23.9, 24, 999)] == [
        0, 0, 4, 4, 8, 8, 16, 16,
    ]  # fmt: skip


def test_a_level_begins_at_its_score() -> None:
    levels = Levels(20, 45, 70)
    assert [levels.of(score) for score in (0, 19.9, 20, 44.9, 45, 69.9, 70, 100)] == [
        Severity.BLUE, Severity.BLUE, Severity.YELLOW, Severity.YELLOW,
        Severity.ORANGE, Severity.ORANGE, Severity.RED, Severity.RED,
    ]  # fmt: skip
    for bad in ((0, 1, 2), (20, 20, 70), (20, 45, 45), (20, 45, 100.1), (70, 45, 20)):
        assert len(list(Levels(*bad).problems())) == 1, bad
    assert not list(Levels(0.1, 45, 100).problems())


def test_the_aspects_of_a_post_are_those_of_its_own_category_the_most_often_named_first() -> None:
    supply, billing = Category.SUPPLY_QUALITY, Category.BILLING_SERVICE
    aspects = Aspects(
        {
            supply: CategorySettings(
                "供电", {"outage": Aspect("停电", ("停电",)), "low": Aspect("低压", ("低电压",))}
            ),
            billing: CategorySettings("服务", {"slow": Aspect("抢修慢", ("停电", "没人修"))}),
        }
    )
    post = squeeze("停电", "低电压，低 电压，没人修")
    assert aspects.of(post, supply) == ("low", "outage")
    assert aspects.of(post, billing) == ("slow",)
    assert aspects.of(post, None) == aspects.of(post, Category.LINE_SAFETY) == ()


def test_what_was_read_lately_is_there_until_as_many_others_were_asked_for() -> None:
    lately: Lately[int] = Lately(3)
    for number in range(6):
        lately.put(f"n{number}", number)
    assert [lately.get(f"n{n}") for n in (5, 4, 3, 2)] == [5, 4, 3, 2]
    lately.put("n6", 6)
    assert (lately.get("n5"), lately.get("n6")) == (5, 6)
    lately = Lately(3)
    lately.put("kept", 0)
    for number in range(20):
        lately.put(f"n{number}", number)
        assert lately.get("kept") == 0, "whoever is asked for stays"
    assert lately.get("n0") is None
    assert lately.get("never") is None
