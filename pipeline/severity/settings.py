"""The shape of config/severity.yaml: what weighs how much when a complaint is rated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from domain.assessments import Category, Severity


@dataclass(frozen=True, slots=True)
class Sign:
    """险情词: phrases that make a complaint graver. Counts once a post."""

    title: str
    phrases: tuple[str, ...]
    weight: float = 0.0
    at_least: Severity = Severity.NONE

    def problems(self) -> Iterator[tuple[str, str]]:
        for phrase in self.phrases:
            if len("".join(phrase.split())) < 2:
                yield "phrases", f"{phrase!r} 太短; 词语至少两个字"


@dataclass(frozen=True, slots=True)
class Together:
    """Signs that are worse together, all within so many characters."""

    title: str
    signs: tuple[str, ...]
    within: int
    weight: float
    at_least: Severity = Severity.NONE


@dataclass(frozen=True, slots=True)
class Losses:
    """损失: hits of the signs `of` that are a sign of their own, as no person is meant.

    One of `words` stands before with nothing but `between`, or an amount `counted_in` beside;
    words for people (`never_with`) in the same clause leave the hit what it was.
    """

    of: tuple[str, ...]
    words: tuple[str, ...]
    counted_in: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    never_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Steps:
    """A quantity: the highest step reached gives the weight."""

    title: str
    steps: dict[float, float]

    def weight(self, quantity: float) -> float:
        """The weight of the highest step that `quantity` reaches, 0 below all of them."""
        reached = [step for step in self.steps if quantity >= step]
        return self.steps[max(reached)] if reached else 0.0


@dataclass(frozen=True, slots=True)
class Negativity:
    title: str
    weight: float


@dataclass(frozen=True, slots=True)
class Late:
    """Signs from the `after`-th character on count for a `share`: letters wander."""

    after: int
    share: float


@dataclass(frozen=True, slots=True)
class Reach:
    """传播热度: engagement folded into one number, weighed by its logarithm."""

    title: str
    weights: dict[str, float]
    starts: float
    per_tenfold: float
    most: float


@dataclass(frozen=True, slots=True)
class IncidentSteps:
    """What an incident adds to its gravest post."""

    writers: Steps
    reposts: Steps
    channels: Steps
    velocity: Steps  # posts an hour
    one_level_below: int = 30  # with fewer writers an incident rises one level at the most


@dataclass(frozen=True, slots=True)
class Levels:
    """The scores from which a complaint is yellow, orange, red."""

    yellow: float
    orange: float
    red: float

    def problems(self) -> Iterator[tuple[str, str]]:
        if not 0 < self.yellow < self.orange < self.red <= 100:
            yield "yellow", "须依 yellow、orange、red 递增, 大于 0, 至多 100"

    def of(self, score: float) -> Severity:
        """The level of a complaint with this score."""
        if score >= self.red:
            return Severity.RED
        if score >= self.orange:
            return Severity.ORANGE
        return Severity.YELLOW if score >= self.yellow else Severity.BLUE


@dataclass(frozen=True, slots=True)
class SeveritySettings:
    """config/severity.yaml."""

    levels: Levels
    negativity: Negativity
    categories: dict[Category, float]
    negations: tuple[str, ...]
    suppositions: tuple[str, ...]
    supposed_after: tuple[str, ...]
    supposed_share: float
    late: Late
    signs: dict[str, Sign]
    together: tuple[Together, ...]
    hours: Steps
    households: Steps
    complaints: Steps
    years: Steps
    reach: Reach
    incident: IncidentSteps
    losses: dict[str, Losses] = field(default_factory=dict)
    outage_sign: str = field(default="outage")

    def problems(self) -> Iterator[tuple[str, str]]:
        for name, losses in self.losses.items():
            for sign in (name, *losses.of):
                if sign not in self.signs:
                    yield "losses", f"没有险情词 {sign!r}; 有: {', '.join(self.signs)}"
        for group in self.together:
            for sign in group.signs:
                if sign not in self.signs:
                    known = ", ".join(self.signs)
                    yield "together", f"没有险情词 {sign!r}; 有: {known}"
        if self.outage_sign not in self.signs:
            yield "signs", f"缺险情词 {self.outage_sign!r}: 停电时长只在它近旁才算"
