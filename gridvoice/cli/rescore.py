"""`gridvoice rescore`: assess history again by the configured scorer, beside a running service."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gridvoice.cli.options import Unusable, command, configuration, store
from gridvoice.cli.output import complain, emit, progress, say

if TYPE_CHECKING:
    from domain.assessments import Assessment
    from gridvoice.tasks.aside import Failed
    from gridvoice.tasks.rescore import Batch, Rescored


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = command(commands, "rescore", "用现行模型重评历史帖文, 可随时中断再续", run)
    parser.add_argument("--since", required=True, metavar="TIME", help="此时间起的帖文")


def run(args: argparse.Namespace) -> int:
    from domain.clock import parse_time, utc_now
    from gridvoice.processes.logs import set_up
    from gridvoice.tasks.rescore import count, rescore

    try:
        since = parse_time(args.since)
    except ValueError as error:
        raise Unusable(f"--since: {error}") from None
    config, engine = configuration(args), store(args)
    set_up(quiet=True)
    _stand_back()
    totals = {"opened": 0, "joined": 0, "alerts": 0}
    failed: list[Failed] = []

    def each(batches: Iterator[Batch]) -> Iterator[Rescored]:
        for batch in batches:
            for name in totals:
                totals[name] += getattr(batch.grouped, name)
            failed.extend(batch.failed)
            for one in batch.failed:
                complain(f"未能重评 {one.name}: {one.problem}")
            yield from batch.posts

    posts = changed = gained = lost = kept = 0
    steps = each(rescore(engine, config, since, utc_now))
    for one in progress(steps, count(engine, config, since), "重评"):
        posts += 1
        kept += not one.stands
        if not one.changed:
            continue
        changed += 1
        gained += one.now.complaint and not (one.was and one.was.complaint)
        lost += bool(one.was and one.was.complaint) and not one.now.complaint
        if args.json:
            emit({"type": "changed", "source": one.source, "id": one.key,
                  "was": _told(one.was), "now": _told(one.now)})  # fmt: skip
    summary = {
        "type": "summary", "posts": posts, "changed": changed, "complaints_gained": gained,
        "complaints_lost": lost, "kept_by_person": kept, **totals, "failed": len(failed),
        "scorer": config.assessing.assessor.names[-1],
    }  # fmt: skip
    if args.json:
        emit(summary)
    else:
        say(
            f"重评 {posts} 帖, 结论有变 {changed} (新增投诉 {gained}, 不再是投诉 {lost}), "
            f"人工结论保留 {kept}, 新事件 {totals['opened']}, 并入 {totals['joined']}, "
            f"预警 {totals['alerts']}" + (f", 未能重评 {len(failed)}" if failed else "")
        )
    return 1 if failed else 0


def _stand_back() -> None:
    """The live service goes first."""
    if hasattr(os, "nice"):
        os.nice(10)


def _told(assessment: Assessment | None) -> dict[str, object] | None:
    if assessment is None:
        return None
    return {
        "relevant": assessment.relevant,
        "complaint": assessment.complaint,
        "category": assessment.category,
        "severity": assessment.severity,
        "scorer": assessment.scorer,
    }
