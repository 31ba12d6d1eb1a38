"""`gridvoice db upgrade / check / reindex`."""

from __future__ import annotations

import argparse

from gridvoice.cli.options import command, store, with_common
from gridvoice.cli.output import emit, say


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = with_common(commands.add_parser("db", help="数据库: 升级结构, 检查完整性"))
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="动作")
    command(verbs, "upgrade", "升级到最新结构", _upgrade)
    command(verbs, "reindex", "重建检索索引(先停 gridvoice run)", _reindex)
    command(verbs, "check", "检查完整性、外键、结构与检索索引", _check)


def _upgrade(args: argparse.Namespace) -> int:
    engine = store(args)
    url = engine.url.render_as_string(hide_password=True)
    if args.json:
        emit({"type": "upgrade", "database": url, "ok": True})
    else:
        say(f"数据库结构已是最新: {url}")
    return 0


def _reindex(args: argparse.Namespace) -> int:
    from db.engine import write
    from db.search_index import rebuild

    with write(store(args)) as conn:
        count = rebuild(conn)
    if args.json:
        emit({"type": "reindex", "posts": count})
    else:
        say(f"检索索引已重建: {count} 帖")
    return 0


def _check(args: argparse.Namespace) -> int:
    from db.engine import check
    from db.faults import is_broken
    from db.integrity import RESTORE

    try:
        problems = check(store(args, upgrade=False))
    except Exception as error:  # not even to be opened: whoever asks us wants to hear what helps
        if not is_broken(error):
            raise
        problems = [RESTORE]
    if args.json:
        emit({"type": "check", "problems": problems, "ok": not problems})
    else:
        for problem in problems:
            say(f"✗ {problem}")
        if not problems:
            say("✓ 数据库完好")
    return 1 if problems else 0
