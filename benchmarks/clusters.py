"""Grouping 归并: pairs of posts put together rightly and wrongly, on real messages.

    python benchmarks/clusters.py DATA_DIR

DATA_DIR holds `incidents_real.jsonl` (the truth) and `labelled.jsonl` (complaints about other
matters as noise; those of one matter, read by hand, are listed below by id). A matter that rests
longer than 30 days is a new incident by design, so the truth is cut there; whether the new one
names the old as `previous` is counted apart.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

from benchmarks.area import open_locator
from domain.assessments import Assessment, Category, PostRole, Severity
from domain.clock import parse_time
from domain.input.load import load_file
from domain.text import content_hash
from pipeline.incidents.match import Candidate, best
from pipeline.incidents.post import PostFacts, places_of, said_by, wording_of
from pipeline.incidents.profile import Likeness
from pipeline.incidents.settings import ClusterSettings
from pipeline.places.locate import Locator
from pipeline.text.normalise import squeeze

_ROOT = Path(__file__).resolve().parents[1]

# Read by hand among the labelled complaints: posts about one matter.
MATTERS = {
    "line along a road": "fe617bdaae d8195ea939 ae2ea96aad ecb7822e08 3ca2203444 9591e99153"
    " 523015aa4b",
    "property manager cuts power": "8c984c1369 4dcf055ed5",
    "nursing home": "6f0c7f2d6c 04967d4486",
    "estate in a flood, 1": "a7e07d4647 0b2b974ed1",
    "estate in a flood, 2": "288c786991 4fc0afd278 6a995c324f",
    "estate in a flood, 3": "a093b2abba 381731c566",
    "estate in a flood, 4": "9e5c5d8d76 ac73c8d60d",
}
# Perhaps one matter, perhaps two: a reader cannot tell.
DOUBTFUL = {"9cae80c36d", "d272c223c5", "948cf66c5c", "1ef90c6896"}
# The category of a matter of the truth file (the file has none).
CATEGORIES = {
    "yangmei_substation": Category.LINE_SAFETY,
    "xingrujincheng_meters": Category.METER_RENOVATION,
    "shuimutiancheng_power": Category.METER_RENOVATION,
    "mushuiqinghua_temp": Category.METER_RENOVATION,
    "xinshengyuan_rewire": Category.METER_RENOVATION,
}
_REST = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Told:
    """One post of the benchmark; `matter` is what it is about, by the truth, if known."""

    id: str
    at: datetime
    category: Category
    title: str
    text: str
    channel: str
    region: str | None
    matter: str | None


def read_posts(folder: Path) -> list[Told]:
    """Truth and noise in order of time. Posts without a time are left out."""
    by_hand = {i: name for name, ids in MATTERS.items() for i in ids.split()}
    rows: dict[str, tuple[dict[str, Any], Category, str | None]] = {}
    for row in _lines(folder / "labelled.jsonl"):
        if row["complaint"] and row["id"] not in DOUBTFUL:
            rows[row["id"]] = row, Category(row["category"]), by_hand.get(row["id"])
    for row in _lines(folder / "incidents_real.jsonl"):
        rows[row["id"]] = row, CATEGORIES[row["incident"]], row["incident"]
    posts = []
    for row, category, matter in rows.values():
        raw = row.get("published_at") or row.get("time")
        try:
            at = parse_time(raw or "")
        except ValueError:
            continue
        posts.append(
            Told(
                row["id"],
                at,
                category,
                row["title"] or "",
                row["text"],
                row["channel"],
                row.get("region"),
                matter,
            )
        )
    return sorted(posts, key=lambda p: (p.at, p.id))


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def group(posts: list[Told], config: Path) -> tuple[dict[str, int], dict[int, int]]:
    """Post id → incident, and incident → the older one that it names. Each post is compared with
    every incident: what the store's index leaves out is no part of these figures."""
    settings = load_file(config / "incidents.yaml", ClusterSettings, "incidents.yaml")
    locator = open_locator(config)
    known: dict[int, Candidate] = {}
    where: dict[str, int] = {}
    previous: dict[int, int] = {}
    for post in posts:
        one = _facts(post, locator)
        choice = best(one, known.values(), settings)
        old = choice.candidate
        number = old.incident_id if old else len(known)
        if choice.previous is not None:
            previous[number] = choice.previous.incident_id
        known[number] = Candidate(
            number,
            str(number),
            old.category if old else post.category,
            min(old.first_event_at, post.at) if old else post.at,
            max(old.last_event_at, post.at) if old else post.at,
            (old.likeness if old else Likeness()).with_post(one),
        )
        where[post.id] = number
    return where, previous


def _facts(post: Told, locator: Locator) -> PostFacts:
    """The post as grouping takes it; only its category and places are assessed."""
    text, words = squeeze(post.title, post.text), content_hash(post.title, post.text)
    located = locator.locate(post.title, post.text, post.region)
    assessment = Assessment(
        relevant=True, relevance=1.0, complaint=True, role=PostRole.COMPLAINT,
        negativity=1.0, category=post.category, aspects=(), severity=Severity.NONE,
        severity_score=0.0, area=located.area,
        places=located.places, station=located.station, reasons=(), scorer="reader",
    )  # fmt: skip
    return PostFacts(
        squeezed=text, assessment=assessment, at=post.at, first_seen=post.at, hash=words,
        channel=post.channel, said=said_by("", None, words), wording=wording_of(text),
        places=places_of(text, assessment),
    )  # fmt: skip


def truth(posts: list[Told]) -> dict[str, str]:
    """Post id → matter, cut where a matter rested longer than 30 days; noise stands alone."""
    last: dict[str, datetime] = {}
    part: Counter[str] = Counter()
    matters: dict[str, str] = {}
    for post in posts:
        if post.matter is None:
            matters[post.id] = post.id
            continue
        if post.matter in last and post.at - last[post.matter] > _REST:
            part[post.matter] += 1
        last[post.matter] = post.at
        matters[post.id] = f"{post.matter} {part[post.matter]}"
    return matters


def pairs(groups: dict[str, Any]) -> set[tuple[str, str]]:
    """The pairs of posts that lie in one group."""
    members: dict[Any, list[str]] = defaultdict(list)
    for post, number in groups.items():
        members[number].append(post)
    return {pair for posts in members.values() for pair in combinations(sorted(posts), 2)}


def b_cubed(found: dict[str, Any], true: dict[str, Any]) -> tuple[float, float]:
    """B-cubed precision and recall over the posts that share a matter with another."""
    precision = recall = 0.0
    for post in true:
        mine = {p for p in found if found[p] == found[post]}
        theirs = {p for p in true if true[p] == true[post]}
        precision += len(mine & theirs) / len(mine)
        recall += len(mine & theirs) / len(theirs)
    return precision / len(true), recall / len(true)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--config", type=Path, default=_ROOT / "config")
    asked = parser.parse_args()
    posts = read_posts(asked.data)
    found, previous = group(posts, asked.config)
    true = truth(posts)
    found_pairs, true_pairs = pairs(found), pairs(true)
    titles = {p.id: f"{p.at:%Y-%m-%d} {p.title or p.text[:40]}" for p in posts}
    for one, other in sorted(found_pairs - true_pairs):
        print(f"wrong:  {titles[one]}  +  {titles[other]}")
    for one, other in sorted(true_pairs - found_pairs):
        print(f"missed: {titles[one]}  +  {titles[other]}")
    right = len(found_pairs & true_pairs)
    precision = right / len(found_pairs) if found_pairs else 1.0
    recall = right / len(true_pairs) if true_pairs else 1.0
    cubed = b_cubed(found, true)
    print(
        f"{len(posts)} posts, {len(set(found.values()))} incidents, {len(previous)} name a former"
    )
    print(f"pairs: precision {precision:.3f} recall {recall:.3f} of {len(true_pairs)}")
    print(f"B-cubed: precision {cubed[0]:.3f} recall {cubed[1]:.3f}")


if __name__ == "__main__":
    main()
