"""Replay: a recorded stream through the whole pipeline, on the stream's own clock."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from db import leases, outbox, posts
from db.engine import read
from domain.alerts import DeliveryState
from domain.clock import event_time, utc_now
from domain.input.found_rows import BadRow, post_from_line
from domain.input.jsonl import BadLine
from domain.intake import BadPost, Intake
from domain.posts import FoundPost
from gridvoice.processes.lease_owner import owner
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks.assess import assess
from gridvoice.tasks.channels import shut_channels
from gridvoice.tasks.intake import DatabaseIntake
from gridvoice.tasks.relay import relay

SOURCE = "replay"
BATCH = 200
_FUTURE_STREAM = timedelta(days=366)
_FUTURE_LEAP = timedelta(days=30)
_LONGEST_PAUSE_S = 150.0  # more than any channel's pace asks for


@dataclass
class Replayed:
    """Running counts of one run; `taken_at`: when (wall clock) each post key was taken in."""

    posts: int = 0
    stored: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)
    incidents: int = 0
    alerts: int = 0
    set_aside: int = 0
    seconds: float = 0.0
    taken_at: dict[str, datetime] = field(default_factory=dict)


class Stream:
    """Rows in file order on a clock that never runs backwards; bad lines are set aside by name."""

    def __init__(self, lines: Iterable[str | BadLine], source: str, done: Replayed) -> None:
        self._lines = lines
        self._source = source
        self._done = done
        self._now: datetime | None = None
        self.times: dict[str, datetime] = {}
        self.numbers: dict[str, int] = {}

    def __iter__(self) -> Iterator[FoundPost]:
        for number, line in enumerate(self._lines, 1):
            if isinstance(line, str) and not line.strip():
                continue
            try:
                post = post_from_line(line, self._source)
            except BadRow as problem:
                self._done.bad.append((number, str(problem)))
                continue
            self._now = self._tick(post.published_at)
            self.times[post.key] = self._now
            self.numbers[post.key] = number
            yield post

    def refuse(self, refused: Iterable[BadPost]) -> None:
        """Name the lines whose posts could not be stored."""
        self._done.bad += [(self.numbers[one.key], one.problem) for one in refused]

    def forget(self) -> None:
        """A batch is stored: what was kept of its lines is not needed any more."""
        self.times.clear()
        self.numbers.clear()

    def _tick(self, published: datetime | None) -> datetime:
        # A row without a time takes that of the row before it; the first one, the present. So
        # does one with a time that nobody can believe: it would make all the rest look old.
        if published is None or not self._is_believable(published):
            return self._now or utc_now()
        return max(self._now or published, published)

    def _is_believable(self, published: datetime) -> bool:
        present = utc_now()
        if self._now is None:  # a recording may lie in the future of this machine's clock
            return event_time(published, present + _FUTURE_STREAM) == published
        latest = self._now + _FUTURE_LEAP if self._now > present else present
        return event_time(published, latest) == published


def not_told(config: Configuration) -> list[str]:
    """Titles of the working channels to people to which a recording is not sent unasked."""
    kept = config.for_machines().channels
    return [
        one.title
        for name, one in config.channels.items()
        if name not in kept and one.is_way_to_people
    ]


def replay(
    engine: Engine,
    config: Configuration,
    lines: Iterable[str | BadLine],
    source: str = SOURCE,
    speed: float | None = None,
    send: bool = True,
) -> Iterator[Replayed]:
    """Take in, assess and send, batch after batch; yields the counts after each.

    Without `send` people hear nothing of it, neither from us nor from a `gridvoice run` beside or
    after us, and what waits besides is left to whoever tells people.

    `speed` None: as fast as it goes; N: N times the stream's own pace. At the end every delivery
    is final or waits for its retry. Running it again stores nothing new.
    """
    started = time.perf_counter()
    if not send:
        config = config.for_machines()
    done = Replayed()
    stream = Stream(lines, source, done)
    intake: Intake = DatabaseIntake(engine, recorded=not send)
    rng = random.Random()
    for batch in _paced(iter(stream), stream, speed):
        result = intake.take_in(batch, lambda post: stream.times[post.key])
        now = utc_now()
        stream.refuse(result.refused)
        done.taken_at.update((post.key, now) for post in batch)
        done.posts += len(batch) - len(result.refused)
        done.stored += result.new_posts
        _assess_all(engine, config, done, not send)
        _send_due(engine, config, rng)
        done.seconds = time.perf_counter() - started
        yield done
        stream.forget()
    _assess_all(engine, config, done, not send)  # what an earlier run left behind
    _send_rest(engine, config, rng)
    done.seconds = time.perf_counter() - started
    yield done


def _assess_all(engine: Engine, config: Configuration, done: Replayed, only_recorded: bool) -> None:
    """Assess until nothing waits, each post at the time when it was first seen."""
    while True:
        assessed = assess(engine, config, lambda row: row.first_seen, only_recorded=only_recorded)
        done.incidents += assessed.opened
        done.alerts += assessed.alerts
        done.set_aside += assessed.set_aside
        if not assessed.posts:
            return


def _send_due(
    engine: Engine, config: Configuration, rng: random.Random, probing: bool = False
) -> tuple[int, bool]:
    """Send whatever is due on every channel, by those that are down or held only when `probing`.

    How many attempts were made, and whether something still waits for its first one by a channel
    that takes messages.
    """
    ready = {name: o.channel for name, o in config.channels.items() if o.channel is not None}
    with read(engine) as conn:
        shut = shut_channels(conn, utc_now())
    made = 0
    for name, channel in ready.items():
        if probing or name not in shut:
            zone = config.general.time_zone
            made += relay(engine, name, channel, owner("replay"), rng, zone=zone)[0]
    with read(engine) as conn:
        now = utc_now()
        return made, leases.has_untried(conn, ready.keys() - shut_channels(conn, now), now)


def _send_rest(engine: Engine, config: Configuration, rng: random.Random) -> None:
    """Send until nothing waits for its first attempt, but for what waits for its channel."""
    _, waits = _send_due(engine, config, rng, probing=True)
    moved = time.monotonic()
    while waits and time.monotonic() - moved < _LONGEST_PAUSE_S:
        time.sleep(0.1)  # a paced channel asks for time
        made, waits = _send_due(engine, config, rng)
        if made:
            moved = time.monotonic()


def _paced(
    posts_in: Iterator[FoundPost], stream: Stream, speed: float | None
) -> Iterator[list[FoundPost]]:
    batch: list[FoundPost] = []
    first: datetime | None = None
    began = time.perf_counter()
    for post in posts_in:
        if speed is not None:
            moment, number = stream.times[post.key], stream.numbers[post.key]
            first = first or moment
            wait = (moment - first).total_seconds() / speed - (time.perf_counter() - began)
            if wait > 0:
                if batch:
                    yield batch
                    batch = []
                    stream.times[post.key], stream.numbers[post.key] = moment, number
                time.sleep(wait)
        batch.append(post)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def summary(engine: Engine, done: Replayed) -> dict[str, Any]:
    """The contract's last line: counts of this run; latency from taken in to confirmed."""
    with read(engine) as conn:
        waits = sorted(_waits_ms(conn, done))
        states = outbox.count_deliveries(conn)
    return {
        "type": "summary",
        "posts": done.posts,
        "stored": done.stored,
        "bad": len(done.bad),
        "posts_per_s": round(done.posts / done.seconds, 1) if done.seconds else 0.0,
        "incidents": done.incidents,
        "alerts": done.alerts,
        "set_aside": done.set_aside,
        "deliveries": {state.value: states[state] for state in DeliveryState if state in states},
        "latency_ms": {
            name: _percentile(waits, share)
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        },
    }


def _waits_ms(conn: Connection, done: Replayed) -> Iterator[float]:
    delivered = [
        (cause.post_id, at)
        for cause, at in outbox.delivered_causes(conn)
        if cause.post_id is not None
    ]
    ids = sorted({post_id for post_id, _ in delivered})
    keys = {row.id: row.key for row in posts.post_rows(conn, ids)}
    for post_id, delivered_at in delivered:
        taken = done.taken_at.get(keys.get(post_id, ""))
        if taken is not None and delivered_at >= taken:
            yield (delivered_at - taken).total_seconds() * 1000


def _percentile(values: list[float], share: float) -> float | None:
    if not values:
        return None
    return round(values[min(len(values) - 1, int(share * len(values)))], 1)
