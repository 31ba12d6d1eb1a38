"""The wrong versions that `make mutants` tries, and the page of those that get no test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_architecture import ROOT

TOOL = ROOT / "tools" / "mutants"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", [str(TOOL), *sys.path])
    yield
    for name in ("changes", "touching", "says_who", "trying"):
        sys.modules.pop(name, None)


SOURCE = '''\
"""Words with 1 number."""

LIMIT = 3


class Box:
    size: int = 4

    def __repr__(self) -> str:
        return str(self.size + 1)


def enough(found: list[int], least: int = 2) -> bool:
    """A docstring with 5."""
    if not found:
        return False
    log.info("seen %d", 7)
    if found[0] < 0 and LIMIT:
        raise ValueError(f"{found[0] + 1} is below 0")
    return len(found) >= least
'''


@pytest.mark.usefixtures("tool")
def test_what_is_changed_and_what_is_left_alone(tmp_path: Path) -> None:
    from changes import mutants

    (tmp_path / "a.py").write_text(SOURCE, encoding="utf-8")
    found = mutants(tmp_path, "a.py")
    made = {(m.line, m.where, m.change) for m in found}
    for expected in (
        (3, "(module)", "3 → 4 @ LIMIT = 3"),
        (7, "Box", "4 → 3 @ size: int = 4"),
        (13, "enough", "2 → 1 @ def enough(found: list[int], least: int = 2) -> bool:"),
        (15, "enough", "if not found: return False → pass"),
        (15, "enough", "not found → (found) @ if not found:"),
        (16, "enough", "False → True @ return False"),
        (18, "enough", "found[0] < 0 and LIMIT → (found[0] < 0 or LIMIT)"),
        (18, "enough", "found[0] < 0 and LIMIT → (LIMIT)"),
        (18, "enough", "found[0] < 0 → (found[0] <= 0)"),
        (19, "enough", 'raise ValueError(f"{found[0] + 1} is below 0") → pass'),
        (20, "enough", "len(found) >= least → (len(found) > least)"),
        (20, "enough", "len(found) >= least → (not (len(found) >= least))"),
    ):
        assert expected in made, expected
    assert {line for line, _, _ in made} == {3, 7, 13, 15, 16, 18, 19, 20}
    # A default and what stands in a module are asked of whoever runs or names them.
    assert next(m for m in found if m.line == 13).body == range(14, 21)
    assert next(m for m in found if m.line == 3).names == ("LIMIT",)
    assert all(m.applied(SOURCE.encode()) != SOURCE.encode() for m in found)


@pytest.mark.usefixtures("tool")
def test_every_survivor_that_gets_no_test_can_still_be_made() -> None:
    from changes import mutants, reasons

    rows = reasons(ROOT / "docs" / "mutants.md")
    for path in sorted({path for path, _, _ in rows}):
        gone = {row for row in rows if row[0] == path} - {m.key for m in mutants(ROOT, path)}
        assert not gone, f"no such change any more: {gone}"
