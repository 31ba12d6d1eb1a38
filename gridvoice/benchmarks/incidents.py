"""What a complaint and an act cost beside the incidents of a year: `gridvoice bench incidents`.

The incidents are written as assessing would leave them, at times spread over the year, in words
of real complaints and placed in the territory's villages; then complaints come to them.
"""

from __future__ import annotations

import random
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, Engine

from db import incidents
from db.engine import open_engine, read, upgrade, write
from db.take_in import take_in
from db.unassessed import count_unassessed
from domain.assessments import Assessment
from domain.clock import utc_now
from domain.incidents.events import Cause
from domain.incidents.incident import Incident, IncidentState
from domain.posts import FoundPost
from domain.text import content_hash
from gridvoice.processes.interpreter import settle_in
from gridvoice.settings.configuration import Configuration, load
from gridvoice.tasks.assess import BATCH, assess
from gridvoice.tasks.intake import author_key
from gridvoice.tasks.known_incidents import remember
from pipeline.assess import Assessor, PostText
from pipeline.incidents.absorb import begin
from pipeline.incidents.post import PostFacts, places_of, said_by, wording_of
from pipeline.incidents.profile import facts_written
from pipeline.text.normalise import squeeze

Acknowledge = Callable[[Engine, Configuration, str, str, str, datetime], Incident]
SIZES = (100, 1_000, 10_000, 50_000)
_YEAR = timedelta(days=365)
_ROUNDS = 25
_ACKS = 60
_BASES = 600
_PLACED = (2, 1, 1)  # of those who write: who names the village, only the town, no place
_SENTENCES = re.compile(r"[^。！？!?\n]{6,}[。！？!?\n]?")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the posts are made of: complaints' sentences with their assessments, talk, villages."""

    complaints: tuple[tuple[tuple[str, ...], Assessment], ...]
    talk: tuple[str, ...]
    villages: tuple[str, ...]
    towns: tuple[str, ...]

    def complaint(self, rng: random.Random) -> tuple[str, Assessment]:
        """A complaint of some village that nobody has written yet."""
        sentences, assessment = rng.choice(self.complaints)
        others = rng.choice(self.complaints)[0]
        told = [rng.choice(sentences), rng.choice(others), rng.choice(sentences)]
        place = rng.choices((rng.choice(self.villages), rng.choice(self.towns), ""), _PLACED)[0]
        return f"{place}{''.join(dict.fromkeys(told))}{rng.randrange(10_000)}户", assessment


def words_of(assessor: Assessor, posts: Sequence[FoundPost]) -> Vocabulary:
    """The material, from real posts where they are there."""
    complaints: list[tuple[tuple[str, ...], Assessment]] = []
    talk: list[str] = []
    for post in posts:
        assessment = assessor.assess(PostText(post.title, post.text, post.channel))
        if assessment.complaint and len(complaints) < _BASES:
            sentences = tuple(_SENTENCES.findall(post.text)) or (post.text,)
            complaints.append((sentences, assessment))
        elif not assessment.relevant and len(talk) < BATCH:
            talk.append(post.text[:100])
    places = assessor.locator.gazetteer
    ours = [code for code in sorted(places.by_code) if places.is_inside(code)]
    villages = tuple(places.full_name(code) for code in ours if len(code) == 12)
    towns = tuple(places.full_name(code) for code in ours if len(code) == 9)
    return Vocabulary(tuple(complaints), tuple(talk), villages, towns)


def bench_incidents(
    config_dir: Path,
    posts: Sequence[FoundPost],
    acknowledge: Acknowledge,
    sizes: Sequence[int] = SIZES,
) -> Iterator[dict[str, object]]:
    """A line a size; the store grows from one to the next. `acknowledge`: the act to be timed."""
    with tempfile.TemporaryDirectory(prefix="gridvoice-bench-") as folder:
        config = load(config_dir, Path(folder))
        words = words_of(config.assessing.assessor, posts)
        if not (words.complaints and words.talk and words.villages):
            return
        engine = open_engine(f"sqlite:///{folder}/bench.db")
        upgrade(engine)
        rng = random.Random(7)
        settle_in()  # as the service does
        bench = _Bench(engine, config, words, rng)
        for size in sorted(sizes):
            bench.fill(size)
            yield {
                "incidents": size,
                "complaint_ms": round(bench.complaint_ms(), 2),
                "batch_of_one_ms": round(bench.batch_of_one_ms(), 2),
                "ack_p95_ms": round(bench.ack_p95_ms(acknowledge), 2),
            }
        engine.dispose()


class _Bench:
    def __init__(
        self, engine: Engine, config: Configuration, words: Vocabulary, rng: random.Random
    ) -> None:
        self._engine, self._config, self._words, self._rng = engine, config, words, rng
        self._key = author_key(engine)
        self._written = 0
        self._taken = 0

    def fill(self, size: int) -> None:
        """As many incidents as asked for, the measured ones not counted."""
        while self._written < size:
            part = min(500, size - self._written)
            with write(self._engine) as conn:
                for number in range(self._written, self._written + part):
                    self._write(conn, number, size)
            self._written += part

    def complaint_ms(self) -> float:
        """A batch with one complaint less the same without, median. Processor time: the difference
        of two long waits would tell of whatever else the machine does."""
        differences = []
        for _ in range(_ROUNDS):
            without = self._assessed_ms(BATCH, 0, time.process_time)
            differences.append(self._assessed_ms(BATCH, 1, time.process_time) - without)
        return median(differences)

    def batch_of_one_ms(self) -> float:
        """A batch that is one complaint, median."""
        return median(self._assessed_ms(1, 1) for _ in range(_ROUNDS))

    def ack_p95_ms(self, acknowledge: Acknowledge) -> float:
        """An act while complaints, and nothing else, are assessed in another thread."""
        with read(self._engine) as conn:
            fresh = incidents.list_incidents(conn, [IncidentState.DISCOVERED], 2 * _ACKS)
        numbers = [row.incident.number for row in fresh][:_ACKS]
        waits: list[float] = []
        done = threading.Event()

        def assessing() -> None:
            while not done.is_set():
                with read(self._engine) as conn:
                    few = count_unassessed(conn) < BATCH
                if few:
                    self._take(BATCH, BATCH)
                assess(self._engine, self._config, lambda row: row.first_seen)

        other = threading.Thread(target=assessing)
        other.start()
        try:
            for number in numbers:
                time.sleep(self._rng.uniform(0.01, 0.1))
                began = time.perf_counter()
                acknowledge(self._engine, self._config, number, "测速", "", utc_now())
                waits.append((time.perf_counter() - began) * 1000)
        finally:
            done.set()
            other.join()
        self._assess_rest()
        waits.sort()
        return waits[int(0.95 * len(waits))]

    def _assessed_ms(
        self, size: int, complaints: int, clock: Callable[[], float] = time.perf_counter
    ) -> float:
        self._take(size, complaints)
        began = clock()
        self._assess_rest()
        return (clock() - began) * 1000

    def _assess_rest(self) -> None:
        while assess(self._engine, self._config, lambda row: row.first_seen).posts:
            pass

    def _take(self, size: int, complaints: int) -> None:
        now = utc_now()
        posts = [self._found(now, n >= size - complaints) for n in range(size)]
        with write(self._engine) as conn:
            take_in(conn, posts, now, self._key)

    def _found(self, now: datetime, complains: bool) -> FoundPost:
        self._taken += 1
        if complains:
            text = self._complaint()
        else:
            text = f"{self._rng.choice(self._words.talk)}{self._taken}"
        return FoundPost("bench", str(self._taken), "", text, "gov_board", published_at=now)

    def _complaint(self) -> str:
        """Words that are assessed to be a complaint once they are put together, too."""
        assess = self._config.assessing.assessor.assess
        while True:
            text, _ = self._words.complaint(self._rng)
            if assess(PostText("", text, "gov_board")).complaint:
                return text

    def _write(self, conn: Connection, number: int, size: int) -> None:
        """An incident of one complaint, some time in the year; what is old has mostly ended."""
        rng, now = self._rng, utc_now()
        text, assessment = self._words.complaint(rng)
        at = now - _YEAR * (1 - number / size)
        squeezed = squeeze("", text)
        located = self._config.assessing.assessor.locator.locate_squeezed(squeezed, None)
        assessment = replace(
            assessment, places=located.places, area=located.area, station=located.station
        )
        words = content_hash("", text)
        post = PostFacts(
            squeezed=squeezed, assessment=assessment, at=at, first_seen=at, hash=words,
            channel="gov_board", said=said_by("bench", None, words), wording=wording_of(squeezed),
            places=places_of(squeezed, assessment),
        )  # fmt: skip
        change = begin(post, incidents.next_number(conn, at), True, None, at)
        incident = change.after
        if now - at > timedelta(days=30) and rng.random() < 0.9:
            ended = IncidentState.FALSE_ALARM if rng.random() < 0.05 else IncidentState.CLOSED
            incident = replace(incident, state=ended)
        likeness, facts = change.profile.likeness, change.profile.facts
        key = incidents.open_incident(conn, incident, facts_written(facts), at)
        remember(conn, key, likeness)
        incidents.add_event(conn, key, change.kind, Cause.act(), at, "", change.note)
