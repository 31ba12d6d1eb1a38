"""`gridvoice search`: exact substrings of folded titles and texts, newest first."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gridvoice.cli.options import Unusable, command, store
from gridvoice.cli.output import emit, say

if TYPE_CHECKING:
    from domain.query.tree import Query


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = command(commands, "search", "检索帖文: 空白表示“并且”, 引号内为整句", run)
    parser.add_argument("query", metavar="QUERY")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="0 为全部")
    parser.add_argument("--since", metavar="TIME", help="时间(含), 或 3d、12h 之前")
    parser.add_argument("--until", metavar="TIME", help="时间(不含)")
    parser.add_argument("--channel", metavar="NAME")
    parser.add_argument("--count", action="store_true", help="只给总数")


def run(args: argparse.Namespace) -> int:
    from db import search
    from db.engine import read
    from domain.query.parse import BadQuery, parse
    from domain.query.tree import And
    from gridvoice.contract.posts import searched_post

    try:
        asked = parse(args.query)
    except BadQuery as bad:
        raise Unusable(str(bad)) from None
    if args.limit < 0:
        raise Unusable("--limit 须为 0 (全部) 或正整数")
    query = And((*_filters(args), asked))
    with read(store(args)) as conn:
        if args.count:
            total = search.count(conn, query)
            emit({"count": total}) if args.json else say(str(total))
            return 0
        for hit in search.search(conn, query, args.limit):
            emit(searched_post(hit)) if args.json else _show(hit.post)
    return 0


def _filters(args: argparse.Namespace) -> list[Query]:
    """What the options ask besides the words."""
    from domain.query.tree import Field, Range

    since, until = _moment(args.since), _moment(args.until)
    found: list[Query] = [Range("event_at", since, until)] if since or until else []
    return found if args.channel is None else [*found, Field("channel", args.channel)]


def _moment(text: str | None) -> datetime | None:
    from domain.clock import parse_duration, parse_time, utc_now

    if text is None:
        return None
    try:
        return utc_now() - parse_duration(text)
    except ValueError:
        pass
    try:
        return parse_time(text)
    except ValueError as wrong:
        raise Unusable(f"{wrong}; 或 3d、12h") from None


def _show(row: Any) -> None:
    from domain.clock import short
    from domain.masking.mask import mask
    from domain.posts import PostChannel

    mark = f" [{row.incident_number}]" if row.incident_number else ""
    channel = PostChannel.label_of(row.channel)
    say(f"{short(row.event_at)} {channel} {row.source}/{row.key}{mark}")
    say("    " + mask(f"{row.title} {row.text}".strip().replace("\n", " "))[:100])
