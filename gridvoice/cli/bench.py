"""`gridvoice bench`: figures as ratios against named baselines measured in the same run."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gridvoice.cli.assess import open_lines
from gridvoice.cli.options import Unusable, command, config_dir, with_common
from gridvoice.cli.output import complain, emit, say

if TYPE_CHECKING:
    from domain.posts import FoundPost


_ORDINARY = 10_000  # posts of the wire: some seconds


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = with_common(commands.add_parser("bench", help="测速: 与同一次运行中的基线相比"))
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="项目")
    score = command(verbs, "score", "研判速度, 与 SnowNLP 相比", _score)
    pipeline = command(verbs, "pipeline", "全流程速度, 与 SnowNLP 单独评分相比", _pipeline)
    incidents = command(verbs, "incidents", "一条投诉和一次接收的耗时, 随历史事件数", _incidents)
    incidents.add_argument(
        "--sizes", metavar="N,N", help="事件数 (默认: 100,1000,10000,50000)", default=""
    )
    for one in (score, pipeline, incidents):
        one.add_argument("--posts", metavar="FILE", help="JSONL 帖文 (默认: 随附数据或自造帖文)")
        one.add_argument("--limit", type=int, default=0, metavar="N", help="只用前 N 条")


def _score(args: argparse.Namespace) -> int:
    from gridvoice.benchmarks.local_data import ordinary_posts
    from gridvoice.benchmarks.speed import bench_score

    wire = ordinary_posts()
    ordinary = [] if wire is None else _read(str(wire))[:_ORDINARY]
    return _print(args, bench_score(config_dir(args), _posts(args), ordinary))


def _pipeline(args: argparse.Namespace) -> int:
    from gridvoice.benchmarks.speed import bench_pipeline

    return _print(args, bench_pipeline(config_dir(args), _posts(args)))


def _incidents(args: argparse.Namespace) -> int:
    from gridvoice.benchmarks.incidents import SIZES, bench_incidents
    from gridvoice.handling.acts import acknowledge

    try:
        sizes = [int(size) for size in args.sizes.split(",")] if args.sizes else SIZES
    except ValueError:
        raise Unusable(f"--sizes {args.sizes}: 写成用逗号隔开的数, 如 100,1000") from None
    return _print(args, bench_incidents(config_dir(args), _posts(args), acknowledge, sizes))


def _posts(args: argparse.Namespace) -> list[FoundPost]:
    """The posts asked for; else the real ones beside the project; else the demo town's own."""
    from gridvoice.benchmarks.local_data import real_posts

    name = args.posts or real_posts()
    if name is None:
        complain("没有 ../shared/data/gov_posts.jsonl.gz, 改用演示小镇的帖文(重复)")
        posts = _town_posts()
    else:
        posts = _read(str(name))
    return posts[: args.limit] if args.limit else posts


def _read(name: str) -> list[FoundPost]:
    from domain.input.found_rows import BadRow, post_from_line

    try:
        with open_lines(name) as lines:
            return [
                post_from_line(line, "bench")
                for line in lines
                if not isinstance(line, str) or line.strip()
            ]
    except BadRow as bad:
        raise Unusable(f"{name}: {bad}") from None


def _town_posts() -> list[FoundPost]:
    from domain.posts import FoundPost
    from gridvoice.demo.town import load_town

    town = load_town("first")
    return [
        FoundPost("bench", f"{p.id}-{n}", p.title, f"{p.text} {n}", p.channel)
        for n in range(20)
        for p in town.posts
    ]


def _print(args: argparse.Namespace, results: Iterable[dict[str, object]]) -> int:
    measured = False
    for result in results:
        measured = True
        if args.json:
            emit(result)
        else:
            say("  ".join(f"{key}={value}" for key, value in result.items()))
    if not measured:
        raise Unusable("没有可测的帖文")
    return 0
