"""The script of a demo town: its posts, its true incidents, and whether alerts match them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from domain.assessments import Area, Category
from domain.input.load import load_file

TOWNS = Path(__file__).parent / "towns"


class Where(StrEnum):
    """Which of the town's three sites carries a post."""

    BOARD = "board"
    SOCIAL = "social"
    FEED = "feed"


CHANNELS = {Where.BOARD: "gov_board", Where.SOCIAL: "weibo", Where.FEED: "news"}
KINDS = ("true", "trap", "talk")


@dataclass(frozen=True, slots=True)
class Reply:
    """官方回复 under a board post; `after` seconds after the post itself."""

    unit: str
    text: str
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class TownPost:
    """One post of the script.

    `after` is seconds from the town's start to the moment it can be read; a negative one was
    published that long before the start and is there from the beginning. The id's first word
    says what it is: `true-NAME-01` belongs to the incident NAME, which must be alerted; `trap-…`
    must never alert by itself (`incident`: the matter that it may join); `talk-…` is ordinary.
    `relevant`, `complaint`, `category` and `area` are the assessment of a reader; where they are
    left out, the id decides (see `assessment`).
    """

    id: str
    where: Where
    after: float
    author: str
    text: str
    title: str = ""
    incident: str | None = None
    repost_of: str | None = None
    engagement: dict[str, int] = field(default_factory=dict)
    reply: Reply | None = None
    region: str = ""
    relevant: bool | None = None
    complaint: bool | None = None
    category: Category | None = None
    area: Area | None = None

    @property
    def kind(self) -> str:
        return self.id.partition("-")[0]

    @property
    def channel(self) -> str:
        return CHANNELS[self.where]

    @property
    def matter(self) -> str | None:
        """The name of the incident that it belongs to or may join, if any."""
        return self.id.split("-")[1] if self.kind == "true" else self.incident

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.kind not in KINDS or not self.id.isascii():
            yield "id", f"{self.id!r} must begin with true-, trap- or talk- and be plain ASCII"
        if self.kind == "true" and (self.incident or self.id.count("-") < 2):
            yield "id", f"{self.id!r} must read true-NAME-01, NAME being its incident"
        if self.kind == "talk" and (self.incident or self.complaint):
            yield "id", "is ordinary talk; a post of an incident is called true- or trap-"
        if self.where is not Where.SOCIAL and not self.title:
            yield "title", "is missing; posts of the board and the feed have titles"


@dataclass(frozen=True, slots=True)
class TrueIncident:
    """What must be alerted, once: a matter, its category and its place as people write it."""

    name: str
    title: str
    category: Category
    place: str


@dataclass(frozen=True, slots=True)
class LaterIncident:
    """Variants of a new true incident after the script; `{place}` in them is one of `places`."""

    name: str
    category: Category
    places: tuple[str, ...]
    board: tuple[dict[str, str], ...] = ()
    social: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Later:
    """What keeps coming when the script has run out. `every` is seconds between posts."""

    every: float = 6.0
    incident_every: float = 90.0
    board: tuple[dict[str, str], ...] = ()
    social: tuple[str, ...] = ()
    authors: tuple[str, ...] = ("路过的人",)
    incidents: tuple[LaterIncident, ...] = ()


@dataclass(frozen=True, slots=True)
class TownPlaces:
    """The town's own 属地 over the shipped gazetteer; `rows` are CSV lines of further places."""

    name: str
    territory: tuple[str, ...]
    stations: dict[str, str] = field(default_factory=dict)
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Town:
    """A demo town. Without `places` the shipped `config/places` serves as it is."""

    name: str
    region: str
    company: str
    board_title: str
    social_title: str
    feed_title: str
    keywords: tuple[str, ...]
    incidents: tuple[TrueIncident, ...]
    posts: tuple[TownPost, ...]
    places: TownPlaces | None = None
    later: Later = field(default_factory=Later)

    @property
    def true_incidents(self) -> dict[str, TrueIncident]:
        return {incident.name: incident for incident in self.incidents}

    @property
    def length_s(self) -> float:
        """When the last post of the script can be read, in seconds at pace 1."""
        return max((p.after for p in self.posts), default=0.0)

    def post(self, key: str) -> TownPost:
        return next(p for p in self.posts if p.id == key)

    def problems(self) -> Iterator[tuple[str, str]]:
        counts = Counter(p.id for p in self.posts)
        for key, count in counts.items():
            if count > 1:
                yield "posts", f"{key!r} is given {count} times; every id once"
        names = {i.name for i in self.incidents}
        for post in self.posts:
            if post.matter is not None and post.matter not in names:
                yield "posts", f"{post.id}: no incident {post.matter!r}; one of {sorted(names)}"
            if post.repost_of is not None and post.repost_of not in counts:
                yield "posts", f"{post.id}: repost_of names no post {post.repost_of!r}"


@dataclass(frozen=True, slots=True)
class Expected:
    """What a reader says of a post by the labelling rules; None: not asserted."""

    relevant: bool | None
    complaint: bool
    category: Category | None
    area: Area | None


def assessment(town: Town, post: TownPost) -> Expected:
    """The reader's assessment: what the post states itself, else what its kind means."""
    if post.kind == "true":
        incident = town.true_incidents[str(post.matter)]
        category = post.category or incident.category
        return Expected(True, post.complaint is not False, category, post.area or Area.INSIDE)
    if post.kind == "talk":
        return Expected(bool(post.relevant), False, None, None)
    return Expected(post.relevant, bool(post.complaint), post.category, post.area)


def load_town(path: Path | str = "first") -> Town:
    """The town of a YAML file, or a bundled one by its name (`first`, `second`).

    Raises BadSettings with file, line and reason of every mistake.
    """
    path = Path(path)
    if not path.suffix:
        path = TOWNS / f"{path}.yaml"
    return load_file(path, Town, path.name)


@dataclass(frozen=True, slots=True)
class Alerted:
    """One first alert as the centre received it: the incident, its category and its posts' keys."""

    incident: str
    category: str
    posts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TownCheck:
    """How alerts compare with the truth; each tuple holds sentences, empty when all is well."""

    missing: tuple[str, ...]
    wrong: tuple[str, ...]
    repeated: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        return not (self.missing or self.wrong or self.repeated)


def check_town(town: Town, alerts: Iterable[Alerted], later: Sequence[TownPost] = ()) -> TownCheck:
    """Exactly the town's true incidents, each with one first alert, none of the traps.

    `alerts` are first alerts only, with all posts that their incident holds. `later` are posts
    that came after the script; their incidents may be alerted but need not be.
    """
    by_key = {post.id: post for post in (*town.posts, *later)}
    owners: dict[str, list[str]] = {}
    wrong: list[str] = []
    seen: Counter[str] = Counter()
    for alert in alerts:
        seen[alert.incident] += 1
        if seen[alert.incident] > 1:
            continue
        posts = [by_key[key] for key in alert.posts if key in by_key]
        labels = Counter(p.matter for p in posts if p.kind == "true")
        strangers = [key for key in alert.posts if key not in by_key]
        if not labels:
            wrong.append(f"{alert.incident} alerted without a true post: {', '.join(alert.posts)}")
            continue
        label = str(labels.most_common(1)[0][0])
        owners.setdefault(label, []).append(alert.incident)
        mixed = [p.id for p in posts if p.matter != label] + strangers
        if mixed:
            wrong.append(f"{alert.incident} ({label}) also holds {', '.join(mixed)}")
        truth = town.true_incidents.get(label)
        if truth is not None and alert.category != truth.category:
            wrong.append(
                f"{alert.incident} ({label}) is called {alert.category}, not {truth.category}"
            )
    missing = [
        f"{name}: {i.title}" for name, i in town.true_incidents.items() if name not in owners
    ]
    repeated = [f"{number} alerted {n} times as new" for number, n in seen.items() if n > 1]
    repeated += [
        f"{label} alerted as {len(numbers)} incidents: {', '.join(numbers)}"
        for label, numbers in owners.items()
        if len(numbers) > 1
    ]
    return TownCheck(tuple(missing), tuple(wrong), tuple(repeated))
