"""属地: our own posts naming places inside, outside, both, neither and ambiguous ones."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.places.locate import Locator

CASES = Path(__file__).with_name("area_cases.jsonl")


def test_the_area_is_right_on_at_least_19_of_20_posts(locator: Locator) -> None:
    cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    wrong = []
    for case in cases:
        located = locator.locate(case.get("title", ""), case["text"], case.get("region"))
        if located.area.value != case["area"]:
            wrong.append((case["text"], case["area"], located.area.value))
    assert len(cases) >= 150
    assert {case["area"] for case in cases} == {"inside", "outside", "unknown"}
    assert len(wrong) <= 0.05 * len(cases), wrong
