"""`gridvoice set-aside list / retry`: what raised and was put aside, so that the rest went on."""

from __future__ import annotations

import argparse

from gridvoice.cli.options import Unusable, command, store, with_common
from gridvoice.cli.output import emit, say, table

# What others set aside is listed under its own word.
_LANES = {
    "take": "入库",
    "assess": "研判",
    "group": "归并",
    "timer": "续报",
    "incident": "事件",
    "rescore": "重评",
    "poll": "采集",
}
# Tried again by themselves, each where it was found, so that asking changes nothing.
_BY_THEMSELVES = ("take", "rescore", "incident")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = with_common(
        commands.add_parser("set-aside", help="搁置: 出错而单独放下的帖文、事件、条目")
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="动作")
    listing = command(verbs, "list", "搁置清单, 最近的在前", _list)
    listing.add_argument("--limit", type=int, default=0, metavar="N", help="最多列 N 项, 0 为全部")
    retry = command(verbs, "retry", "请运行中的 gridvoice run 马上再试", _retry)
    retry.add_argument("lane", nargs="?", metavar="环节", help="如 assess; 不给则全部")
    retry.add_argument("ref", nargs="?", metavar="编号", help="清单中的编号; 不给则该环节全部")


def _list(args: argparse.Namespace) -> int:
    from db import set_aside
    from db.engine import read
    from domain.clock import iso, short

    if args.limit < 0:
        raise Unusable(f"--limit {args.limit} 须为 0 或正数")
    with read(store(args)) as conn:
        rows = set_aside.listed(conn, args.limit)
    if args.json:
        for row in rows:
            emit(
                {
                    "lane": row.lane,
                    "ref": row.ref,
                    "name": row.name,
                    "problem": row.problem,
                    "program": row.program,
                    "tries": row.tries,
                    "at": iso(row.at),
                }
            )
        return 0
    if not rows:
        say("没有搁置的内容")
        return 0
    table(
        ("时间", "环节", "编号", "名称", "原因", "次数", "程序"),
        [
            (
                short(r.at),
                f"{_LANES.get(r.lane, r.lane)}({r.lane})",
                r.ref[:40],
                r.name[:40],
                r.problem[:80],
                str(r.tries),
                r.program,
            )
            for r in rows
        ],
    )
    return 0


def _retry(args: argparse.Namespace) -> int:
    from db import set_aside
    from db.engine import write

    with write(store(args)) as conn:
        wanted = [
            one
            for one in set_aside.listed(conn)
            if args.lane in (None, one.lane) and args.ref in (None, one.ref)
        ]
        asked = [one for one in wanted if one.lane not in _BY_THEMSELVES]
        for one in asked:
            set_aside.ask_again(conn, one.lane, one.ref)
    if args.lane and not wanted:
        raise Unusable(
            f"没有搁置 {args.lane} {args.ref or ''}".rstrip() + "; 用 gridvoice set-aside list 查看"
        )
    if args.json:
        for one in asked:
            emit({"lane": one.lane, "ref": one.ref, "name": one.name})
    else:
        say(f"请求再试 {len(asked)} 项, 由运行中的 gridvoice run 处理")
        if rest := len(wanted) - len(asked):
            say(f"另有 {rest} 项在下次采集、重评或读取时自动再试")
    return 0
