"""The scorers that can be chosen by name. Each is imported when it is first built."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.scorers.score import IRRELEVANT, Score, Scorer, names_of

__all__ = ["DEFAULT", "IRRELEVANT", "SCORERS", "Score", "Scorer", "names_of", "open_scorer"]

DEFAULT = "full"


def _full() -> Scorer:
    from pipeline.scorers.stages import shipped

    return shipped()


def _fast() -> Scorer:
    from pipeline.scorers.linear import OwnScorer

    return OwnScorer.shipped()


def _snownlp() -> Scorer:
    from pipeline.scorers.snownlp import SnowScorer

    return SnowScorer()


def _keywords_and_snownlp() -> Scorer:
    from pipeline.scorers.keywords import KeywordScorer
    from pipeline.scorers.snownlp import SnowScorer

    return KeywordScorer(SnowScorer())


SCORERS: dict[str, Callable[[], Scorer]] = {
    "full": _full,
    "fast": _fast,
    "snownlp": _snownlp,
    "keywords+snownlp": _keywords_and_snownlp,
}


def open_scorer(name: str = DEFAULT) -> Scorer:
    """The scorer of that name. Raises KeyError with the known names."""
    if name not in SCORERS:
        raise KeyError(f"没有名为 {name!r} 的评分器; 有: {', '.join(SCORERS)}")
    return SCORERS[name]()
