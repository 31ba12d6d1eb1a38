"""`gridvoice correct`: a person's word on a post, and all such words as labels for training."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from domain.trouble import os_trouble
from gridvoice.cli.options import Unusable, command, configuration, store, who_acts
from gridvoice.cli.output import complain, emit, say

if TYPE_CHECKING:
    from sqlalchemy import Engine


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = command(commands, "correct", "更正一帖的研判结论, 或导出全部更正作训练标注", run)
    parser.add_argument("post", nargs="?", metavar="SOURCE/ID")
    what = parser.add_mutually_exclusive_group()
    for flag, help_ in (
        ("complaint", "是投诉"), ("not-complaint", "与供电有关但不是投诉"), ("irrelevant", "无关"),
    ):  # fmt: skip
        what.add_argument(
            f"--{flag}", dest="what", action="store_const", const=flag.replace("-", "_"), help=help_
        )
    parser.add_argument("--category", metavar="NAME", help="正确的类别")
    parser.add_argument("--who", default="", metavar="姓名", help="谁更正的 (GRIDVOICE_WHO)")
    parser.add_argument("--export", metavar="FILE", help="导出更正, 供 gridvoice train 使用")


def run(args: argparse.Namespace) -> int:
    if args.export is not None:
        if args.post or args.what:
            raise Unusable("--export 不与更正同用")
        return _export(args)
    from domain.assessments import Category, Correction
    from domain.clock import utc_now
    from gridvoice.handling.corrections import NotCorrectable, correct

    source, slash, key = (args.post or "").partition("/")
    if not slash or not source or not key:
        raise Unusable("指明帖文: SOURCE/ID, 如 board/123 (gridvoice search --json 给出两者)")
    if args.what is None:
        raise Unusable("说明结论: --complaint, --not-complaint 或 --irrelevant")
    who = who_acts(args)
    category = next((c for c in Category if args.category in (c.value, c.label)), None)
    if args.category is not None and category is None:
        known = ", ".join(f"{c.label}({c.value})" for c in Category)
        raise Unusable(f"没有类别 {args.category!r}: {known}")
    what = Correction(args.what)
    config, engine = configuration(args), store(args)
    try:
        assessment = correct(engine, config, source, key, what, category, who, utc_now())
    except NotCorrectable as problem:
        raise Unusable(str(problem)) from None
    if args.json:
        emit({"type": "corrected", "source": source, "id": key, "relevant": assessment.relevant,
              "complaint": assessment.complaint, "category": assessment.category,
              "severity": assessment.severity, "who": who})  # fmt: skip
    else:
        say(f"已更正: {args.post} {what.label}")
    if number := _left_without_complaint(engine, source, key):
        complain(
            f"事件 {number} 已没有投诉帖, 但仍在办; 如属误报: "
            f"gridvoice incidents close {number} --false-alarm --who 姓名 --note 原因"
        )
    return 0


def _left_without_complaint(engine: Engine, source: str, key: str) -> str:
    """The number of the post's open incident where no post of it is a complaint any more: by a
    correction a post never leaves its incident, and a level once told does not fall."""
    from db import corrections, incidents, rescoring
    from db.engine import read

    with read(engine) as conn:
        post = rescoring.assessed_version(conn, source, key)
        if post is None or post.row.incident_id is None:
            return ""
        row = incidents.incident(conn, post.row.incident_id)
        if row is None or not row.incident.state.is_open:
            return ""
        versions = corrections.current_versions_of_incident(conn, row.id)
        unreadable: dict[int, str] = {}
        found = rescoring.assessed_versions(conn, versions, unreadable)
        left = any(one.standing is not None and one.standing.complaint for one in found)
        return "" if left or unreadable or len(found) < len(versions) else row.incident.number


def _export(args: argparse.Namespace) -> int:
    from domain.private_file import keep_private
    from gridvoice.handling.corrections import labels

    count = 0
    unreadable: dict[int, str] = {}
    engine = store(args)
    try:
        with Path(args.export).open("w", encoding="utf-8") as out:
            keep_private(out.fileno())
            for row in labels(engine, unreadable):
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
                count += 1
    except OSError as error:
        raise Unusable(f"写不了 {args.export}: {os_trouble(error)}") from None
    if args.json:
        emit({"type": "summary", "labels": count, "out": args.export})
    else:
        say(f"{count} 条更正已写入 {args.export}")
    for correction, problem in unreadable.items():
        complain(f"第 {correction} 号更正读不出, 未写入: {problem}")
    return 1 if unreadable else 0
