"""`gridvoice assess`: JSONL in, an assessment a line out, in order."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.input import jsonl
from domain.input.found_rows import post_from_row
from domain.input.jsonl import BadLine
from domain.trouble import os_trouble
from gridvoice.cli.options import Unusable, command, config_dir
from gridvoice.cli.output import emit, say

if TYPE_CHECKING:
    from domain.assessments import Assessment

_READ = ("title", "text", "channel", "region", "published_at")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = command(commands, "assess", "研判帖文: 每行一个 JSON, 逐行给出结论与理由", run)
    parser.add_argument("file", nargs="?", default="-", metavar="FILE|-")
    parser.add_argument(
        "--scorer",
        default="full",
        help="full(默认, 两级) | fast(只第一级) | snownlp | keywords+snownlp",
    )


def run(args: argparse.Namespace) -> int:
    from domain.input.load import BadSettings
    from gridvoice.contract.posts import assessed_post, bad_line
    from gridvoice.settings.assessing import open_assessor

    try:
        assessor = open_assessor(config_dir(args), args.scorer)
    except BadSettings as bad:
        raise Unusable(str(bad)) from None
    except KeyError as unknown:
        raise Unusable(str(unknown.args[0])) from None
    failed = 0
    with open_lines(args.file) as lines:
        for number, line in enumerate(lines, 1):
            if isinstance(line, str) and not line.strip():
                continue
            try:
                row = jsonl.as_object(line)
                assessment = assessor.assess(_post(row))
            except Exception as problem:  # whatever one line raises, the lines behind it are read
                failed += 1
                said = str(problem) if isinstance(problem, ValueError) else repr(problem)[:200]
                _report(args, bad_line(number, said))
                continue
            if args.json:
                emit(assessed_post(row.get("id"), assessment))
            else:
                _show(row, assessment)
    return 1 if failed else 0


@contextmanager
def open_lines(name: str) -> Iterator[Iterator[str | BadLine]]:
    """The lines of a JSONL file, gzipped or not, or of standard input (`-`). Raises Unusable when
    it cannot be opened."""
    if name == "-":
        yield jsonl.lines_of(sys.stdin.buffer)
        return
    with ExitStack() as stack:
        try:
            lines = stack.enter_context(jsonl.open_lines(Path(name)))
        except OSError as error:
            raise Unusable(f"读不了文件 {name}: {os_trouble(error)}") from None
        yield lines


def _post(row: dict[str, Any]) -> Any:
    """Raises BadRow. Rows need no id, and what else they hold decides nothing."""
    from pipeline.assess import PostText

    found = post_from_row({n: row[n] for n in _READ if n in row}, "", key="", channel="")
    return PostText(
        title=found.title,
        text=found.text,
        channel=found.channel or None,
        region=found.region,
    )


def _report(args: argparse.Namespace, problem: dict[str, Any]) -> None:
    if args.json:
        emit(problem)
    else:
        say(f"第 {problem['line']} 行: {problem['error']}")


def _show(row: dict[str, Any], assessment: Assessment) -> None:
    from domain.masking.mask import mask

    if not assessment.relevant:
        found = "无关"
    else:
        kind = "投诉" if assessment.complaint else "相关"
        category = assessment.category.label if assessment.category else "未分类"
        found = f"{kind} · {category} · {assessment.severity.label}"
    where = assessment.place.name if assessment.place else "地点不明"
    say(f"{row.get('id', '')}\t{found}\t{where}({assessment.area.label})")
    shown = {"title": mask(row.get("title") or ""), "text": mask(row["text"])}
    say("    " + (shown["title"] or shown["text"]).strip().replace("\n", " ")[:60])
    for reason in _strongest(assessment.reasons):
        # A phrase is cut out of the masked text: by itself nothing tells that it is part of a name.
        phrase = shown.get(reason.field, "")[reason.start : reason.end] or mask(reason.text)
        say(f"    {reason.weight:+.2f} {reason.rule} 「{phrase}」")


def _strongest(reasons: Iterable[Any]) -> list[Any]:
    return sorted(reasons, key=lambda r: -abs(r.weight))[:5]
