"""Assess 研判: a post in, an `Assessment` with reasons out. Pure: same post, same assessment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from domain.assessments import Assessment, Category, Severity
from domain.input.load import load_file
from pipeline.aspects import Aspects, CategorySettings
from pipeline.places.gazetteer import load_gazetteer
from pipeline.places.locate import Locator
from pipeline.places.mention import AsideWords
from pipeline.scorers.genre import role_of
from pipeline.scorers.score import Score, Scorer, Staged, names_of
from pipeline.severity.rate import NOT_RATED, SeverityRules
from pipeline.severity.settings import SeveritySettings
from pipeline.text.normalise import Squeezed, squeeze


class HasText(Protocol):
    """What an assessment rests on: a post's words and where and how they were found.

    Whatever record of a post a caller has in hand will do, so that none is made for this alone.
    """

    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def channel(self) -> str | None: ...
    @property
    def region(self) -> str | None: ...
    @property
    def engagement(self) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True)
class PostText:
    """A text that comes by itself: of a command, a test, a measurement."""

    title: str
    text: str
    channel: str | None = None
    region: str | None = None
    engagement: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assessed:
    """An assessment with the text that it was read from, so that nobody squeezes it again."""

    text: Squeezed
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class Lexicon:
    """config/lexicon.yaml: words that are neither places nor categories."""

    asides: AsideWords
    synonyms: tuple[tuple[str, ...], ...] = ()


class Assessor:
    """Joins scorer, places, severity and aspects. Safe to share between threads."""

    def __init__(
        self,
        scorer: Scorer,
        locator: Locator,
        severity_rules: SeverityRules,
        aspects: Aspects,
    ) -> None:
        self.scorer = scorer
        self._staged = scorer if isinstance(scorer, Staged) else None
        self.locator = locator
        self.severity_rules = severity_rules
        self.aspects = aspects

    @property
    def names(self) -> tuple[str, ...]:
        """The names that its last word goes by, the fullest last."""
        return names_of(self.scorer)

    def assess(self, post: HasText) -> Assessment:
        """The assessment on a post. Any text at all; never raises for what a post says."""
        return self.read(post).assessment

    @property
    def unheard(self) -> str | None:
        """The name of an assessment that the scorer's second stage was due on and not heard."""
        return self._staged.unheard if self._staged else None

    def can_hear(self) -> bool:
        """Whether the scorer has a second stage here; it is loaded by this."""
        return self._staged is not None and self._staged.can_hear()

    def waits(self, assessment: Assessment) -> bool:
        """Whether an assessment is to be told only after its second reading: in doubt, not grave,
        and there is somebody to read it."""
        return (
            assessment.scorer == self.unheard
            and assessment.severity < Severity.ORANGE
            and self.can_hear()
        )

    def read(self, post: HasText, at_once: bool = False) -> Assessed:
        """As `assess`, with the text as rules read it. `at_once`: by the first stage alone."""
        squeezed = squeeze(post.title, post.text)
        score_by = self._staged.first_word if self._staged and at_once else self.scorer.score
        return self.assessed(post, squeezed, score_by(squeezed, post.channel))

    def assessed(self, post: HasText, squeezed: Squeezed, score: Score) -> Assessed:
        """The assessment that a score comes to."""
        located = self.locator.locate_squeezed(squeezed, post.region)
        rated = NOT_RATED
        if score.complaint:
            rated = self.severity_rules.rate(
                squeezed, score.category, score.negativity, post.engagement
            )
        assessment = Assessment(
            relevant=score.relevant,
            relevance=score.relevance,
            complaint=score.complaint,
            role=role_of(squeezed, post.channel, score.complaint) if score.relevant else None,
            negativity=score.negativity if score.relevant else None,
            category=score.category if score.relevant else None,
            aspects=self.aspects.of(squeezed, score.category) if score.relevant else (),
            severity=rated.severity,
            severity_score=rated.score,
            area=located.area,
            places=located.places,
            station=located.station,
            reasons=score.reasons + rated.reasons,
            scorer=score.scorer or self.scorer.name,
        )
        return Assessed(squeezed, assessment)


def open_assessor(config: Path, scorer: Scorer) -> Assessor:
    """The assessor that `config` describes. Raises BadSettings with every mistake of a file."""
    lexicon = load_file(config / "lexicon.yaml", Lexicon, "lexicon.yaml")
    return Assessor(
        scorer,
        Locator(load_gazetteer(config / "places"), lexicon.asides),
        SeverityRules(load_file(config / "severity.yaml", SeveritySettings, "severity.yaml")),
        Aspects(
            load_file(
                config / "categories.yaml", dict[Category, CategorySettings], "categories.yaml"
            )
        ),
    )
