"""Figures as ratios: our speed and SnowNLP's on the same posts, in the same run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from domain.posts import FoundPost
from gridvoice.settings.assessing import open_assessor
from pipeline.assess import PostText
from pipeline.scorers import open_scorer
from pipeline.text.normalise import squeeze

_SNOW_S = 8.0  # SnowNLP is measured on as many posts as fit into this time


def snownlp_speed(posts: list[PostText], seconds: float = _SNOW_S) -> float:
    """Posts/s of SnowNLP's sentiment alone, evenly sampled from `posts`, start-up not counted."""
    scorer = open_scorer("snownlp")
    scorer.score(squeeze("", "预热：停电三天没人管"))
    step = max(1, len(posts) // 400)
    sample = [*posts[::step], *posts]
    started = time.perf_counter()
    done = 0
    for post in sample:
        scorer.score(squeeze(post.title, post.text), post.channel)
        done += 1
        if time.perf_counter() - started > seconds:
            break
    return done / (time.perf_counter() - started)


def best_speed(work: Callable[[], int], rounds: int = 3) -> float:
    """Posts/s of the fastest of some rounds: the one that the machine disturbed least."""
    best = 0.0
    for _ in range(rounds):
        started = time.perf_counter()
        count = work()
        best = max(best, count / (time.perf_counter() - started))
    return best


def bench_score(
    config_dir: Path, posts: list[FoundPost], ordinary: Sequence[FoundPost] = ()
) -> list[dict[str, object]]:
    """The full assessment (all outputs, reasons included) against SnowNLP, same posts cut to 100
    characters: all of them relevant ones, and a natural stream of which 1 % are; by the first
    stage alone, then by both. `ordinary`: posts as the wire brings them, read by both as well."""
    assessor = open_assessor(config_dir, "fast")
    both = open_assessor(config_dir, "full")
    texts, wire = _cut(posts), _cut(ordinary)
    relevant: list[PostText] = []
    others: list[PostText] = []
    for text in texts:
        (relevant if assessor.assess(text).relevant else others).append(text)
    if not relevant or not others:
        return []
    natural = _mixed(relevant, others, 20_000)
    dense = [relevant[i % len(relevant)] for i in range(5_000)]
    answer: list[dict[str, object]] = []
    snow_dense, snow_natural = snownlp_speed(dense), snownlp_speed(natural)
    both.assess(relevant[0])
    for name, stream, by, snow, bar, rounds in (
        ("all_relevant", dense, assessor, snow_dense, {"bar": 50}, 3),
        ("natural_1_percent", natural, assessor, snow_natural, {"bar": 300}, 3),
        ("natural_1_percent", natural, both, snow_natural, {"bar": 100}, 1),
        *([("ordinary", wire, both, snownlp_speed(wire), {"bar": 100}, 1)] if wire else []),
        ("all_relevant", dense[:1000], both, snow_dense, {"bar_posts_per_s": 30}, 1),
    ):
        ours = best_speed(partial(_assess_all, by.assess, stream), rounds)
        answer.append(
            {
                "type": "score",
                "scorer": "fast" if by is assessor else "full",
                "stream": name,
                "posts": len(stream),
                "posts_per_s": round(ours),
                "snownlp_posts_per_s": round(snow, 1),
                "ratio": round(ours / snow, 1),
                **bar,
            }
        )
    return answer


def _cut(posts: Sequence[FoundPost]) -> list[PostText]:
    return [PostText("", f"{p.title} {p.text}".strip()[:100], p.channel) for p in posts]


def _mixed(relevant: list[PostText], others: list[PostText], size: int) -> list[PostText]:
    return [
        relevant[i // 100 % len(relevant)] if i % 100 == 50 else others[i % len(others)]
        for i in range(size)
    ]


def _assess_all(assess: Callable[[PostText], object], texts: Iterable[PostText]) -> int:
    count = 0
    for text in texts:
        assess(text)
        count += 1
    return count


def bench_pipeline(config_dir: Path, posts: list[FoundPost]) -> list[dict[str, object]]:
    """Take in, index, assess, locate, group and decide on a fresh SQLite store, against SnowNLP
    alone on the same texts. Whole texts, one thread."""
    from db.engine import open_engine, upgrade, write
    from db.take_in import take_in
    from domain.clock import utc_now
    from gridvoice.settings.configuration import load
    from gridvoice.tasks.assess import assess
    from gridvoice.tasks.intake import author_key

    with tempfile.TemporaryDirectory(prefix="gridvoice-bench-") as folder:
        config = load(config_dir, Path(folder))
        engine = open_engine(f"sqlite:///{folder}/bench.db")
        upgrade(engine)
        key = author_key(engine)
        started = time.perf_counter()
        complaints = alerts = opened = 0
        for first in range(0, len(posts), 200):
            batch = posts[first : first + 200]
            with write(engine) as conn:
                take_in(conn, batch, utc_now(), key)
            while (assessed := assess(engine, config, lambda row: row.event_at)).posts:
                complaints += assessed.complaints
                opened += assessed.opened
                alerts += assessed.alerts
        ours = len(posts) / (time.perf_counter() - started)
        engine.dispose()
    snow = snownlp_speed([PostText(p.title, p.text, p.channel) for p in posts], 20.0)
    return [
        {
            "type": "pipeline",
            "posts": len(posts),
            "complaints": complaints,
            "incidents": opened,
            "alerts": alerts,
            "posts_per_s": round(ours, 1),
            "snownlp_posts_per_s": round(snow, 1),
            "ratio": round(ours / snow, 1),
            "bar": 20,
        }
    ]
