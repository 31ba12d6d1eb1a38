"""What a scorer is worth on labelled posts, taught by folds where it must be taught.

A scorer that is trained (ours) is with `folds` trained anew without each fold; nothing that shares
an id, a text or a group with the fold stays in its training.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.learning.calibrate import Taught, fit_calibrated, without
from pipeline.learning.folds import grouped
from pipeline.learning.labels import Example, example
from pipeline.learning.metrics import (
    ScoredPost,
    calibration_error,
    category_accuracy,
    complaint_pairs,
    hits,
    interval,
    relevant_pairs,
)
from pipeline.learning.vectors import Vectors
from pipeline.scorers import SCORERS, Scorer, open_scorer
from pipeline.scorers.linear import OwnScorer
from pipeline.scorers.stages import TwoStages

SHIPPED = "shipped"
TAUGHT = ("full", "fast")  # the scorers that learn
_LENGTHS = ((30, "to 30"), (100, "to 100"), (400, "to 400"), (10**9, "over 400"))


def evaluate(
    rows: Iterable[dict[str, Any]],
    scorers: Sequence[str] = tuple(SCORERS),
    folds: int = 0,
    group_field: str = "group",
    extra: Sequence[Example] = (),
    vectors: Vectors | None = None,
) -> Iterator[dict[str, Any]]:
    """A report a scorer for `rows` (labelled posts with their texts).

    With `folds`, our scorer (`full`, `fast`) is trained, both stages with their shares and lines,
    on the other folds and on `extra` (our own labels) less what touches the fold; `vectors` reads
    for its second stage. The name `shipped` is our scorer with the models in the package, which
    may have been trained on these very rows (`trained_on_these`). Raises ValueError for a row
    without label, KeyError for an unknown scorer.
    """
    examples = [example({**row, "group": row.get(group_field) or row.get("group")}) for row in rows]
    taught: list[Lesson] = []
    for name in scorers:
        started = time.perf_counter()
        if name in TAUGHT and folds:
            taught = taught or teach(examples, folds, extra, vectors)
            assessed, known, speed = _by_folds(examples, taught, name == "fast")
        else:
            assessed, known, speed = _as_it_is(
                examples, open_scorer("full" if name == SHIPPED else name)
            )
        yield {
            **report(name, assessed),
            "trained_on_these": known,
            "posts_per_s": round(speed, 1),
            "folds": folds if name in TAUGHT else 0,
            "seconds": round(time.perf_counter() - started, 1),
            "by_channel": _split(examples, assessed, lambda e: e.channel or "?"),
            "by_category": _split(examples, assessed, lambda e: e.category or "none"),
            "by_length": _split(examples, assessed, _length),
            "by_kind": _split(examples, assessed, _kind),
            "by_stage": _by_stage(assessed),
        }


def report(name: str, assessed: Sequence[ScoredPost]) -> dict[str, Any]:
    """The figures that every report has."""
    relevant, complaint = hits(relevant_pairs(assessed)), hits(complaint_pairs(assessed))
    return {
        "scorer": name,
        "n": len(assessed),
        "relevant": {**relevant, "f1_95": interval(assessed, relevant_pairs)},
        "complaint": {**complaint, "f1_95": interval(assessed, complaint_pairs)},
        "category": category_accuracy(assessed),
        "ece": calibration_error(assessed),
    }


def _as_it_is(examples: Sequence[Example], scorer: Scorer) -> tuple[list[ScoredPost], bool, float]:
    assessed, seconds = _timed(examples, scorer)
    first = scorer.first if isinstance(scorer, TwoStages) else scorer
    known = isinstance(first, OwnScorer) and any(e.hash in first.model.trained_on for e in examples)
    return assessed, known, len(examples) / seconds if seconds else 0.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was taught without one fold, and the positions of its posts."""

    fold: tuple[int, ...]
    taught: Taught


def teach(
    examples: Sequence[Example],
    folds: int,
    extra: Sequence[Example] = (),
    vectors: Vectors | None = None,
) -> list[Lesson]:
    """Both stages taught without each fold, nor what shares an id, a text or a group with it."""
    lessons = []
    for fold in grouped([e.group for e in examples], folds):
        held = [examples[i] for i in fold]
        inside = set(fold)
        others = [e for i, e in enumerate(examples) if i not in inside]
        ids = {e.id for e in others}
        ours = [e for e in extra if e.id not in ids]
        taught = fit_calibrated(without([*others, *ours], held), vectors=vectors)
        lessons.append(Lesson(tuple(fold), taught))
    return lessons


def _by_folds(
    examples: Sequence[Example], lessons: Sequence[Lesson], fast: bool
) -> tuple[list[ScoredPost], bool, float]:
    assessed: dict[int, ScoredPost] = {}
    spent = 0.0
    for lesson in lessons:
        scorer = OwnScorer(lesson.taught.model) if fast else lesson.taught.scorer()
        assessments, seconds = _timed([examples[i] for i in lesson.fold], scorer)
        spent += seconds
        assessed.update(zip(lesson.fold, assessments, strict=True))
    in_order = [assessed[i] for i in range(len(examples))]
    return in_order, False, len(examples) / spent if spent else 0.0


def score_all(examples: Sequence[Example], scorer: Scorer) -> list[ScoredPost]:
    """Truth and assessment of each example."""
    return _timed(examples, scorer)[0]


def _timed(examples: Sequence[Example], scorer: Scorer) -> tuple[list[ScoredPost], float]:
    started = time.perf_counter()
    scores = [scorer.score(e.post, e.channel) for e in examples]
    seconds = time.perf_counter() - started
    return [
        ScoredPost(e.relevant, e.complaint, e.category, s)
        for e, s in zip(examples, scores, strict=True)
    ], seconds


def _split(
    examples: Sequence[Example], assessed: Sequence[ScoredPost], key: Callable[[Example], str]
) -> dict[str, Any]:
    parts: dict[str, list[ScoredPost]] = {}
    for e, j in zip(examples, assessed, strict=True):
        parts.setdefault(str(key(e)), []).append(j)
    return {name: _figures(part) for name, part in sorted(parts.items())}


def _by_stage(assessed: Sequence[ScoredPost]) -> dict[str, Any]:
    """Apart, what the second stage spoke on and what was left to the first."""
    parts: dict[str, list[ScoredPost]] = {}
    for j in assessed:
        parts.setdefault("both" if "+e5-" in (j.score.scorer or "") else "first", []).append(j)
    return {name: _figures(part) for name, part in sorted(parts.items())}


def _figures(part: Sequence[ScoredPost]) -> dict[str, Any]:
    return {
        "n": len(part),
        "complaints": sum(j.complaint for j in part),
        "relevant_f1": hits(relevant_pairs(part))["f1"],
        "complaint": hits(complaint_pairs(part)),
        "complaint_f1_95": interval(part, complaint_pairs, 200),
        "category": category_accuracy(part),
    }


def _length(e: Example) -> str:
    size = len(e.title) + len(e.text)
    return next(name for limit, name in _LENGTHS if size <= limit)


def _kind(e: Example) -> str:
    return "government" if e.channel in ("gov_board", "gov_reply") else "social"
