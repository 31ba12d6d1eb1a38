"""`gridvoice places import`: public division lists and a utility's own CSV → one of our tables."""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from domain.trouble import os_trouble
from gridvoice.cli.options import Unusable, command, with_common
from gridvoice.cli.output import complain, emit, say

if TYPE_CHECKING:
    from pipeline.places.importing import Imported


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = with_common(commands.add_parser("places", help="地名库", description="地名库"))
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="动作")
    importing = command(verbs, "import", "行政区划表或自有 CSV (可 .gz) 转为地名库表", _import)
    importing.add_argument("files", nargs="+", metavar="FILE")
    importing.add_argument("--out", required=True, metavar="FILE.csv")


def _import(args: argparse.Namespace) -> int:
    from pipeline.places.importing import PlaceRow, write_places

    rows: dict[str, PlaceRow] = {}
    bad = 0
    for name in args.files:
        read = _read(name)
        for problem in read.problems:
            bad += 1
            complain(f"{name}:{problem.line}: {problem.field} {problem.message}")
        for row in read.rows:
            known = rows.setdefault(row.code, row)
            if known != row:
                bad += 1
                complain(f"{name}: code {row.code} ({row.name}) 已由前面的文件定为 {known.name}")
    if not rows:
        raise Unusable(f"{', '.join(args.files)} 中没有可用的地名行; 未写 {args.out}")
    try:
        count = write_places(rows.values(), Path(args.out))
    except OSError as error:
        raise Unusable(f"写不了 {args.out}: {os_trouble(error)}") from None
    report = {"type": "summary", "places": count, "bad": bad, "out": args.out}
    if args.json:
        emit(report)
    else:
        say(
            f"{count} 个地名已写入 {args.out}; 放入 config/places/ 后生效"
            + (f"; {bad} 处错误" if bad else "")
        )
    return 1 if bad else 0


def _read(name: str) -> Imported:
    from pipeline.places.importing import read_list

    try:
        return read_list(Path(name))
    except (OSError, EOFError, zlib.error) as error:
        reason = os_trouble(error) if isinstance(error, OSError) else str(error)
        raise Unusable(f"读不了 {name}: {reason}") from None
