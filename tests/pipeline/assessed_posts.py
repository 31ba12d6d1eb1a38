"""AssessedBatch posts and the incidents that they make up, for the tests of grouping."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.assessments import Area, Assessment, Category, PostRole, Severity
from domain.text import content_hash
from pipeline.incidents.match import Candidate
from pipeline.incidents.post import PostFacts, places_of, said_by, wording_of
from pipeline.incidents.profile import Likeness
from pipeline.places.locate import Locator
from pipeline.text.normalise import squeeze

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
OUTAGE = Category.SUPPLY_QUALITY


def complaint(**changes: object) -> Assessment:
    """A assessment; the places and the category are the test's own."""
    values: dict[str, object] = {
        "relevant": True, "relevance": 0.9, "complaint": True, "role": PostRole.COMPLAINT,
        "negativity": 0.8, "category": OUTAGE, "aspects": (), "severity": Severity.YELLOW,
        "severity_score": 40.0,
        "area": Area.INSIDE, "places": (), "station": None, "reasons": (), "scorer": "test",
    }  # fmt: skip
    return Assessment(**{**values, **changes})  # type: ignore[arg-type]


def facts(title: str, text: str, assessment: Assessment, at: datetime) -> PostFacts:
    """A post with this assessment."""
    squeezed, words = squeeze(title, text), content_hash(title, text)
    return PostFacts(
        squeezed=squeezed, assessment=assessment, at=at, first_seen=at, hash=words, channel="weibo",
        said=said_by("test", None, words), wording=wording_of(squeezed),
        places=places_of(squeezed, assessment), published_at=at,
    )  # fmt: skip


def post(
    locator: Locator,
    text: str,
    category: Category = OUTAGE,
    after: timedelta = timedelta(0),
    title: str = "",
) -> PostFacts:
    """A complaint of this category, located by its words."""
    found = locator.locate(title, text)
    assessment = complaint(
        category=category, area=found.area, places=found.places, station=found.station
    )
    return facts(title, text, assessment, START + after)


def incident(*posts: PostFacts, number: int = 1) -> Candidate:
    """The incident that these posts make up."""
    likeness = Likeness()
    for one in posts:
        likeness = likeness.with_post(one)
    times = [one.at for one in posts]
    category = posts[0].assessment.category
    return Candidate(number, str(number), category, min(times), max(times), likeness)
