"""The gate: a model that is worse than the floors on the fixed set is refused.

The floors stand in a file with the digest of the set they were measured on; they rise with a better
model and fall only when somebody says so (`allow_regression`).
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.learning.evaluate import report, score_all
from pipeline.learning.labels import Example, example, read_rows
from pipeline.scorers import open_scorer
from pipeline.scorers.score import Scorer

_SLACK = 0.005  # what counts as the same


class BelowFloors(Exception):
    """A model is worse than the floors; the text names each figure and its floor."""


@dataclass(frozen=True, slots=True)
class Floors:
    """What a model must reach on the set of that digest."""

    corpus: str
    posts: int
    figures: Mapping[str, float]

    def save(self, path: Path) -> None:
        content = {"corpus": self.corpus, "posts": self.posts, "figures": dict(self.figures)}
        path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def load_floors(path: Path) -> Floors:
    """Raises FileNotFoundError, ValueError."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    return Floors(str(raw["corpus"]), int(raw["posts"]), dict(raw["figures"]))


def corpus_digest(examples: Sequence[Example]) -> str:
    """Changes with any text, label or channel of the set."""
    lines = sorted(
        f"{e.hash} {e.channel} {e.relevant} {e.complaint} {e.category}" for e in examples
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def figures(examples: Sequence[Example], scorer: Scorer) -> dict[str, float]:
    """The figures that have a floor."""
    found: dict[str, Any] = report("", score_all(examples, scorer))
    return {
        "relevant_f1": found["relevant"]["f1"],
        "complaint_f1": found["complaint"]["f1"],
        "category_accuracy": found["category"]["accuracy"],
    }


def check(examples: Sequence[Example], scorer: Scorer, floors: Floors) -> dict[str, float]:
    """The model's figures. Raises Refused when one is below its floor, ValueError when the floors
    were measured on another set."""
    if corpus_digest(examples) != floors.corpus:
        raise ValueError(
            "the floors belong to another set of posts: measure them again on this one (raised)"
        )
    now = figures(examples, scorer)
    worse = [
        f"{name} {now[name]:.4f} < {floor:.4f}"
        for name, floor in floors.figures.items()
        if now[name] < floor - _SLACK
    ]
    if worse:
        raise BelowFloors("the model is worse on the fixed set: " + "; ".join(worse))
    return now


def raised(
    examples: Sequence[Example],
    scorer: Scorer,
    floors: Floors | None,
    allow_regression: bool = False,
) -> Floors:
    """New floors: each the higher of old and new; lower ones only where that is allowed."""
    corpus = corpus_digest(examples)
    now = figures(examples, scorer)
    if floors is not None and floors.corpus == corpus and not allow_regression:
        now = {name: max(value, floors.figures.get(name, 0.0)) for name, value in now.items()}
    return Floors(corpus, len(examples), now)


def check_files(fixed: Path, floors: Path, scorer: Scorer) -> dict[str, float]:
    """`check` on a labels file and a floors file."""
    return check([example(r) for r in read_rows(fixed)], scorer, load_floors(floors))


def main(fixed: Path, floors: Path) -> int:
    """`python -m pipeline.learning.gate FIXED FLOORS`: the shipped model against its floors."""
    scorer = open_scorer()
    try:
        now = check_files(fixed, floors, scorer)
    except (BelowFloors, ValueError, OSError) as error:
        sys.stderr.write(f"{scorer.name}: {error}\n")
        return 1
    wanted = load_floors(floors).figures
    said = ", ".join(
        f"{name} {now[name]:.3f} (floor {floor:.3f})" for name, floor in wanted.items()
    )
    sys.stdout.write(f"{scorer.name}: {said}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
