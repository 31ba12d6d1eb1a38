"""`gridvoice search`: exact substrings of folded titles and texts, newest first."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from gridvoice.cli.options import Unusable, command, store
from gridvoice.cli.output import emit, say


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
    from domain.query import BadQuery, parse, spans

    try:
        words = parse(args.query)
    except BadQuery as bad:
        raise Unusable(str(bad)) from None
    if args.limit < 0:
        raise Unusable("--limit 须为 0 (全部) 或正整数")
    since, until = _moment(args.since), _moment(args.until)
    with read(store(args)) as conn:
        if args.count:
            total = search.count(conn, words, since, until, args.channel)
            emit({"count": total}) if args.json else say(str(total))
            return 0
        for row in search.search(conn, words, args.limit, since, until, args.channel):
            if args.json:
                emit(_as_json(row, spans(words, row.title, row.text)))
            else:
                _show(row)
    return 0


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


def _as_json(row: Any, found: list[dict[str, Any]]) -> dict[str, Any]:
    from domain.clock import iso

    return {
        "id": row.key,
        "source": row.source,
        "title": row.title,
        "text": row.text,
        "channel": row.channel,
        "region": row.region,
        "url": row.url,
        "published_at": iso(row.event_at),
        "first_seen": iso(row.first_seen),
        "incident": row.incident_number,
        "spans": found,
    }


def _show(row: Any) -> None:
    from domain.clock import short
    from domain.masking import mask
    from domain.model import CHANNEL_TITLES

    mark = f" [{row.incident_number}]" if row.incident_number else ""
    channel = CHANNEL_TITLES.get(row.channel, row.channel)
    say(f"{short(row.event_at)} {channel} {row.source}/{row.key}{mark}")
    say("    " + mask(f"{row.title} {row.text}".strip().replace("\n", " "))[:100])
