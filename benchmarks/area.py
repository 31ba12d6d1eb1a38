"""Area 属地: how often places, source region and asides give the right territory.

    python benchmarks/area.py [CASES.jsonl] [--config DIR]

Prints the accuracy over the project's own test posts and every miss.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from domain.input.load import load_file
from pipeline.assess import Lexicon
from pipeline.places.gazetteer import load_gazetteer
from pipeline.places.locate import Locator

_ROOT = Path(__file__).resolve().parents[1]
CASES = _ROOT / "tests" / "pipeline" / "area_cases.jsonl"


def open_locator(config: Path) -> Locator:
    """The locator of a configuration."""
    lexicon = load_file(config / "lexicon.yaml", Lexicon, "lexicon.yaml")
    return Locator(load_gazetteer(config / "places"), lexicon.asides)


def misses(locator: Locator, cases: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str]]:
    """The cases whose area comes out otherwise, with what came out."""
    for case in cases:
        located = locator.locate(case.get("title", ""), case["text"], case.get("region"))
        if located.area.value != case["area"]:
            yield case, located.area.value


def read_cases(path: Path) -> list[dict[str, Any]]:
    """The test posts of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="?", type=Path, default=CASES)
    parser.add_argument("--config", type=Path, default=_ROOT / "config")
    asked = parser.parse_args()
    cases = read_cases(asked.cases)
    wrong = list(misses(open_locator(asked.config), cases))
    for case, got in wrong:
        print(f"{case['area']} came out {got}: {case.get('region') or '-'} | {case['text']}")
    counts = Counter(case["area"] for case in cases)
    print(f"accuracy {1 - len(wrong) / len(cases):.3f} of {len(cases)} posts {dict(counts)}")


if __name__ == "__main__":
    main()
