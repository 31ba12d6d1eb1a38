"""The figures of `evaluate-incidents`, on cases small enough to reckon by hand."""

from __future__ import annotations

import pytest

from pipeline.incidents.measure import (
    Matter,
    Member,
    b_cubed,
    false_merges,
    figures,
    incidents_of,
    main_matters,
    pairs,
    told,
)


def members(*rows: str) -> list[Member]:
    """`matter incident` a post, `-` for none."""
    cells = [row.split() for row in rows]
    return [
        Member(str(n), None if matter == "-" else matter, None if incident == "-" else incident)
        for n, (matter, incident) in enumerate(cells)
    ]


def test_one_matter_one_incident_is_all_right() -> None:
    right = members("a 1", "a 1", "b 2", "- -")
    assert b_cubed(right).f == pairs(right).f == 1.0
    assert false_merges(right) == []


def test_posts_in_no_incident_are_each_alone() -> None:
    lost = members("a 1", "a 1", "a -", "a -")
    assert b_cubed(lost).p == 1.0
    assert b_cubed(lost).r == pytest.approx((2 * 0.5 + 2 * 0.25) / 4)
    assert pairs(lost).r == pytest.approx(1 / 6)


def test_a_wrong_join_costs_precision() -> None:
    mixed = members("a 1", "a 1", "b 1")
    assert b_cubed(mixed).p == pytest.approx((2 / 3 + 2 / 3 + 1 / 3) / 3)
    assert b_cubed(mixed).r == 1.0
    assert pairs(mixed).p == pytest.approx(1 / 3)
    assert pairs(mixed).f == pytest.approx(1.25 / 3 / (0.25 / 3 + 1))  # F0.5 leans to precision
    assert false_merges(mixed) == ["1"]


def test_what_belongs_to_no_matter_counts_in_no_figure_but_its_own() -> None:
    said = figures(members("a 1", "a 1", "- 1", "- 2", "- -"), ())
    assert said["b_cubed"] == {"p": 1.0, "r": 1.0, "f1": 1.0}
    assert (said["posts"], said["of_matters"], said["incidents"]) == (5, 2, 2)
    assert (said["with_strangers"], said["of_strangers"]) == (1, 1)
    assert said["first_alerts_per_matter"] is None, "no matters were given"


def test_fragments_are_counted_of_matters_that_were_found_at_all() -> None:
    said = figures(members("a 1", "a 2", "a 3", "b 4", "c -"), ())
    assert said["fragments_per_matter"] == 2.0
    assert incidents_of(members("a 1", "a 2", "c -")) == {"a": {"1", "2"}}


def test_an_alert_speaks_for_most_of_its_posts() -> None:
    mixed = members("a 1", "a 1", "b 1", "a 2", "- 3", "c -", "d 4", "- 4")
    assert main_matters(mixed) == {"1": "a", "2": "a", "3": None, "4": None}
    heard = told(
        mixed,
        ["1", "2", "3"],
        [Matter("a"), Matter("b", grave=True), Matter("c", False, True), Matter("d", False)],
    )
    assert heard.per_matter == 1.0  # two for a, none for b
    assert heard.needless == 1
    assert heard.untold == ("b", "c"), "b lies hidden in another's incident"


def test_nothing_gives_noughts() -> None:
    said = figures([], (), [])
    assert said["b_cubed"] == {"p": 0.0, "r": 0.0, "f1": 0.0}
    assert said["false_merges"] == {"incidents": [], "per_100": 0.0}
