"""`gridvoice evaluate-incidents`: labelled posts through the real pipeline, against their truth."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from command_line import Gridvoice


def post(name: str, matter: str | None, text: str, minute: int, **more: Any) -> dict[str, Any]:
    return {
        "id": name, "matter": matter, "text": text, "region": "许昌市建安区",
        "published_at": f"2026-03-02T08:{minute:02}:00+08:00", "relevant": True,
        "complaint": True, "category": "supply_quality", "role": "complaint", **more,
    }  # fmt: skip


POSTS = (
    post("a1", "a", "小召乡北寨村停电三天没人管", 0),
    post("a2", "a", "北寨村的电啥时候来，小召供电所电话打不通", 5),
    post("b1", "b", "陈曹乡双庙村又停电了", 10),
    post("a3", "a", "小召乡北寨村已恢复供电", 20, complaint=False, role="notice"),
    post("n1", None, "今天天气真好", 30, relevant=False, complaint=False, category=None, role=None),
)
MATTERS = [{"id": "a", "severity_hint": "orange"}, {"id": "b", "deserves_alert": False}]


def test_posts_matters_and_alerts_are_measured(
    gridvoice: Gridvoice, jsonl: Callable[..., Path]
) -> None:
    file = jsonl(*POSTS)
    matters = "\n".join(map(json.dumps, MATTERS))
    file.with_name("matters.jsonl").write_text(matters, encoding="utf-8")
    said = gridvoice("evaluate-incidents", file, "--verdicts", file, "--json")
    assert said.code == 0
    row = said.row
    assert (row["verdicts"], row["posts"], row["of_matters"]) == ("given", 5, 4)
    assert row["b_cubed"] == {"p": 1.0, "r": 1.0, "f1": 1.0}
    assert row["false_merges"] == {"incidents": [], "per_100": 0.0}
    assert (row["first_alerts_per_matter"], row["untold"]) == (1.0, [])
    assert gridvoice("incidents", "list", "--json").rows == [], "it has a store of its own"
    assert gridvoice("alerts", "list", "--json").rows == [], "nobody is told"


def test_without_verdicts_the_scorer_decides_and_matters_need_not_be_known(
    gridvoice: Gridvoice, jsonl: Callable[..., Path]
) -> None:
    row = gridvoice("evaluate-incidents", jsonl(*POSTS), "--json").row
    assert (row["verdicts"], row["matters"]) == ("own", 2)
    assert row["first_alerts_per_matter"] is None
    assert "B-cubed" in gridvoice("evaluate-incidents", jsonl(*POSTS)).out


def test_what_cannot_be_used_is_named(gridvoice: Gridvoice, jsonl: Callable[..., Path]) -> None:
    wrong = post("x", None, "停电", 1, complaint="yes")
    file = jsonl(POSTS[0], wrong)
    said = gridvoice("evaluate-incidents", file, "--verdicts", file, "--json")
    assert said.code == 1
    assert ":2: 'relevant' 与 'complaint'" in said.err
    bad = post("x", None, "停电", 1) | {"matter": 3}
    assert gridvoice("evaluate-incidents", jsonl(bad)).code == 2
    assert gridvoice("evaluate-incidents", file, "--outages", file).code == 2
