"""`gridvoice evaluate-incidents`: how well posts are put into incidents, against a truth."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.input.found_rows import post_from_row
from gridvoice.cli.evaluate import read_rows
from gridvoice.cli.options import Unusable, command, configuration
from gridvoice.cli.output import complain, emit, say, table

if TYPE_CHECKING:
    from pipeline.incidents.measure import Matter


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = command(commands, "evaluate-incidents", "在已知真相的帖文上衡量归并", run)
    parser.add_argument("file", metavar="FILE", help="每行一帖, matter 写明属于哪件事 (null: 无)")
    told = "真实的相关、投诉、类别与角色, 代替评分器"
    parser.add_argument("--verdicts", metavar="FILE", help=told)
    parser.add_argument("--outages", metavar="FILE", help="停电记录 (尚未参与归并)")


def run(args: argparse.Namespace) -> int:
    from gridvoice.processes.logs import set_up
    from gridvoice.service.evaluate_incidents import Truth, evaluate_incidents, verdict

    if args.outages is not None:
        raise Unusable("--outages: 停电记录还不参与归并, 给了也不改变结果; 请去掉")
    config = configuration(args)
    rows, bad = read_rows(args.file, _post)
    if not rows:
        raise Unusable(f"{args.file} 中没有可用的帖文")
    verdicts = None
    if args.verdicts is not None:
        given, wrong = read_rows(args.verdicts, verdict)
        verdicts, bad = dict(given), bad + wrong
    matters, wrong = _matters(args.file)
    truth = Truth({str(r["id"]): r.get("matter") for r in rows}, matters, verdicts)
    set_up(quiet=True)
    grouped = evaluate_incidents(config, rows, truth)
    for number, problem in grouped.replayed.bad:
        complain(f"第 {number} 帖: {problem}")
    said = grouped.figures(truth)
    emit(said) if args.json else _show(said)
    return 1 if bad or wrong or grouped.replayed.bad or grouped.replayed.set_aside else 0


def _post(row: dict[str, Any]) -> dict[str, Any]:
    """The row, if it can be taken in. Raises ValueError."""
    post_from_row(row, "")
    if not isinstance(row.get("matter"), str | None):
        raise ValueError("'matter' 不是文字或 null")
    return row


def _matters(posts: str) -> tuple[list[Matter], int]:
    """The matters that lie beside the posts, none where there is no such file."""
    from gridvoice.service.evaluate_incidents import matter

    beside = Path(posts).with_name("matters.jsonl")
    return read_rows(str(beside), matter) if beside.is_file() else ([], 0)


def _show(said: dict[str, Any]) -> None:
    b_cubed, pairs, merged = said["b_cubed"], said["pairs"], said["false_merges"]
    table(
        ("指标", "值"),
        [
            ("帖文 / 属于某件事", f"{said['posts']} / {said['of_matters']}"),
            ("事 / 事件 / 入事件", f"{said['matters']} / {said['incidents']} / {said['grouped']}"),
            ("B-cubed P/R/F1", f"{b_cubed['p']:.3f} / {b_cubed['r']:.3f} / {b_cubed['f1']:.3f}"),
            ("成对 P/R/F0.5", f"{pairs['p']:.3f} / {pairs['r']:.3f} / {pairs['f05']:.3f}"),
            ("错并 (每百事件)", f"{len(merged['incidents'])} ({merged['per_100']})"),
            ("每件事分成几个事件", str(said["fragments_per_matter"])),
            ("每件该报的事首报几次", _or_dash(said["first_alerts_per_matter"])),
            ("不该报的首报", _or_dash(said["needless_first_alerts"])),
        ],
    )  # fmt: skip
    if said["untold"]:
        say("较大以上却没有预警: " + "、".join(said["untold"]))


def _or_dash(value: Any) -> str:
    return "-" if value is None else str(value)
