"""What a scorer is asked and what it answers: the one interface of own and borrowed assessment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from domain.assessments import Category, Reason
from pipeline.text.normalise import Squeezed


@dataclass(frozen=True, slots=True)
class Score:
    """A scorer's assessment (研判) on one post.

    `relevance` and `negativity` are probabilities 0–1. `negativity` is that of a complaint given
    what is written; it and `category` are None where the post is not relevant or the scorer does
    not know. `reasons` are ordered by the size of their weight, largest first; at most six.
    `scorer` names who spoke where that is not the scorer's plain name: its second stage.
    """

    relevant: bool
    relevance: float
    complaint: bool
    negativity: float | None
    category: Category | None
    reasons: tuple[Reason, ...] = ()
    scorer: str | None = None


class Scorer(Protocol):
    """Assesses one post. Pure: same post, same assessment, on any machine.

    `name` names the model version; it is recorded with every assessment whose score names no other.
    """

    @property
    def name(self) -> str: ...

    def score(self, post: Squeezed, channel: str | None = None) -> Score:
        """Assess any text at all; never raises for what a post says."""
        ...


@runtime_checkable
class Staged(Scorer, Protocol):
    """A scorer of two stages, of which the second is slow and may be missing."""

    @property
    def unheard(self) -> str:
        """The name of a verdict that the second stage was due on and not heard."""
        ...

    def first_word(self, post: Squeezed, channel: str | None = None) -> Score:
        """As `score`, at once: the second stage is not asked, which the name tells if it is due."""
        ...

    def can_hear(self) -> bool:
        """Whether there is a second stage here; it is loaded by this."""
        ...


def names_of(scorer: Scorer) -> tuple[str, ...]:
    """The names that a scorer's last word goes by, the fullest last: of one that has two stages,
    the first's and both stages'."""
    names: tuple[str, ...] = getattr(scorer, "names", (scorer.name,))
    return names


IRRELEVANT = Score(False, 0.0, False, None, None)
