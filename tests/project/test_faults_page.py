"""docs/faults.md: what was mended is held by tests that exist."""

from __future__ import annotations

import ast
import re

from test_architecture import ROOT

PAGE = (ROOT / "docs/faults.md").read_text(encoding="utf-8")
NAMED = re.findall(r"([a-z_/]+/)?(test_[a-z0-9_]+)\.py(?:::(\w+))?", PAGE)


def test_every_test_that_the_page_names_is_there() -> None:
    homes = {path.stem: path for path in (ROOT / "tests").rglob("test_*.py")}
    missing = set()
    for _, module, function in NAMED:
        path = homes.get(module)
        names = (
            {n.name for n in ast.walk(ast.parse(path.read_text("utf-8"))) if hasattr(n, "name")}
            if path is not None
            else set()
        )
        if path is None or (function and function not in names):
            missing.add(f"{module}::{function}")
    assert len(NAMED) > 100
    assert missing == set()
