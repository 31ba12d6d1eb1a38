"""The demo: the whole system on a throw-away store, a bundled town, a local centre."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Engine

from db import incidents, leases, outbox, posts, timeline, unassessed
from db.engine import read
from domain.alerts import AlertReason
from domain.clock import parse_time, utc_now
from gridvoice.demo.places import write_places
from gridvoice.demo.receivers.centre import CENTRE
from gridvoice.demo.receivers.gateway import Gateway
from gridvoice.demo.receivers.receiver import Accepted
from gridvoice.demo.site import Site
from gridvoice.demo.sources import write_sources
from gridvoice.demo.town import Alerted, Town, TownCheck, check_town

ALERT = "incident.alert"  # the centre may also hear of trouble with the system itself
_POLL_EVERY = "1s"
_QUIET_S = 4.0  # nothing new for so long after the script: all of it has been found
_GIVE_UP_S = 30.0


@dataclass
class Demo:
    """The town, the centre and the configuration of one demo run."""

    town: Town
    site: Site
    gateway: Gateway
    config_dir: Path
    told: list[Accepted] = field(default_factory=list)


@contextmanager
def opened(
    town: Town, shipped: Path, folder: Path, *, pace: float, later: bool, port: int
) -> Iterator[Demo]:
    """Site and centre running, configuration written for them under `folder`, environment set."""
    with ExitStack() as stack:
        gateway = stack.enter_context(Gateway())
        site = stack.enter_context(Site(town, pace=pace, with_later=later))
        config_dir = folder / "config"
        shutil.rmtree(config_dir, ignore_errors=True)
        shutil.copytree(shipped, config_dir, ignore=shutil.ignore_patterns("sources"))
        write_sources(config_dir / "sources", town, site.base_url, _POLL_EVERY)
        if town.places is not None:
            shutil.rmtree(config_dir / "places")
            write_places(town, shipped / "places", config_dir / "places")
        _adapt_general(config_dir / "gridvoice.yaml", town, port)
        _adapt_routes(config_dir / "routes.yaml")
        _adapt_channels(config_dir / "channels.yaml")
        os.environ.update(gateway.environment())
        yield Demo(town, site, gateway, config_dir)


def _adapt_general(path: Path, town: Town, port: int) -> None:
    general: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    general["name"] = f"{town.name}供电公司(演示)"
    general["console"] = {"host": "127.0.0.1", "port": port}
    general["public_url"] = f"http://127.0.0.1:{port}"
    path.write_text(yaml.safe_dump(general, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _adapt_routes(path: Path) -> None:
    # Whoever watches at night must see the robot's messages too; no log lines between the output.
    routes: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    routes["quiet"] = []
    for line in (routes["default"], *(r["to"] for r in routes["routes"])):
        line[:] = [to for to in line if to["channel"] != "log"]
    path.write_text(yaml.safe_dump(routes, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _adapt_channels(path: Path) -> None:
    # The robot's receiver stands here, not at its vendor.
    settings: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    for channel in settings["channels"]:
        if channel["kind"] == "wecom":
            channel["hosts"] = ["127.0.0.1"]
    path.write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), encoding="utf-8")


def watch(
    demo: Demo, engine: Engine, once: bool, on_alert: Callable[[Accepted], None]
) -> Callable[[], Awaitable[None]]:
    """What the service waits for: with `once`, until the script is told and nothing moves."""

    async def until() -> None:
        while not await asyncio.to_thread(_all_polled, engine):
            await asyncio.sleep(0.1)
        demo.site.begin()
        last, since, over = -1, asyncio.get_running_loop().time(), 0.0
        while True:
            await asyncio.sleep(0.2)
            alerts = [a for a in demo.gateway.accepted_at(CENTRE) if a.body["type"] == ALERT]
            for accepted in alerts[len(demo.told) :]:
                demo.told.append(accepted)
                on_alert(accepted)
            now = asyncio.get_running_loop().time()
            moved = await asyncio.to_thread(_movement, engine, demo)
            if moved != last:
                last, since = moved, now
            if once and demo.site.is_over:
                over = over or now
                if now - since > _QUIET_S or now - over > _GIVE_UP_S:
                    return

    return until


def _all_polled(engine: Engine) -> bool:
    from db.sources import source_rows

    with read(engine) as conn:
        rows = source_rows(conn)
    return bool(rows) and all(row.polls for row in rows)


def _movement(engine: Engine, demo: Demo) -> int:
    """A number that changes as long as something is going on."""
    with read(engine) as conn:
        waiting = unassessed.count_unassessed(conn)
        untried = leases.has_untried(conn, ["file", "centre", "duty_group"], utc_now())
        return posts.count_posts(conn) * 4 + len(demo.told) + waiting + untried


def first_alerts(demo: Demo, engine: Engine) -> list[Alerted]:
    """The first alerts that the centre accepted, each with all posts of its incident."""
    found = []
    with read(engine) as conn:
        for accepted in demo.told:
            if accepted.body["reason"] == AlertReason.FIRST:
                row = incidents.find(conn, accepted.body["number"])
                assert row is not None
                keys = tuple(p.key for p in posts.posts_of_incident(conn, row.id))
                found.append(Alerted(row.incident.number, row.incident.category, keys))
    return found


def assessment_on(demo: Demo, engine: Engine) -> TownCheck:
    """Exactly the town's true incidents, each once as a first alert, none of the traps?"""
    return check_town(demo.town, first_alerts(demo, engine), demo.site.later)


@dataclass(frozen=True, slots=True)
class Journey:
    """One first alert on its way, in seconds from the moment its post could be read."""

    number: str
    title: str
    severity: str
    found: float
    assessed: float
    alerted: float


def journeys(demo: Demo, engine: Engine) -> list[Journey]:
    """Post readable → found → assessed → alerted, for each first alert."""
    readable = demo.site.readable_at()
    found = []
    with read(engine) as conn:
        causes = {a.incident_number: a for a in outbox.list_alerts(conn) if a.report_no == 1}
        for accepted in demo.told:
            alert = causes.get(accepted.body["number"])
            if accepted.body["reason"] != AlertReason.FIRST or alert is None:
                continue
            event = next(
                e for e in timeline.events_of(conn, alert.incident_id) if e.id == alert.event_id
            )
            row = posts.post(conn, int(event.data["post"]))
            if row is None or row.key not in readable or row.assessed_at is None:
                continue
            found.append(_journey(accepted, readable[row.key], row.first_seen, row.assessed_at))
    return found


def _journey(
    accepted: Accepted, readable: datetime, found: datetime, assessed: datetime
) -> Journey:
    def after(moment: datetime) -> float:
        return round((moment - readable).total_seconds(), 2)

    return Journey(
        number=accepted.body["number"],
        title=accepted.body["title"],
        severity=accepted.body["severity"],
        found=after(found),
        assessed=after(assessed),
        alerted=after(parse_time(accepted.at)),
    )
