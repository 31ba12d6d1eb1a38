"""`gridvoice search`: exact substrings of folded titles and texts, newest first."""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from gridvoice.cli.options import Unusable, command, config_dir, store
from gridvoice.cli.output import complain, emit, say

if TYPE_CHECKING:
    from domain.query.tree import Query

_DAYS = ("今天", "昨天", "前天")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = command(
        commands, "search", "检索帖文: 空白表示“并且”, 引号内为整句, ~词 连同义词", run
    )
    parser.add_argument("query", metavar="QUERY")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="0 为全部")
    parser.add_argument("--since", metavar="TIME", help="时间(含), 或 3d、12h 之前, 今天、昨天")
    parser.add_argument("--until", metavar="TIME", help="时间(不含)")
    parser.add_argument("--channel", metavar="NAME", help="渠道, 如 微博 或 weibo")
    parser.add_argument("--count", action="store_true", help="只给总数")


def run(args: argparse.Namespace) -> int:
    from db import search
    from db.engine import read
    from domain.query.parse import BadQuery, parse
    from domain.query.tree import And
    from domain.text import fold
    from gridvoice.contract.posts import searched_post

    try:
        asked = parse(args.query, _synonyms(args) if "~" in fold(args.query) else ())
    except BadQuery as bad:
        raise Unusable(str(bad)) from None
    if args.limit < 0:
        raise Unusable("--limit 须为 0 (全部) 或正整数")
    query = And((*_filters(args), asked))
    with read(store(args)) as conn:
        if args.count:
            total = search.count(conn, query)
            emit({"count": total}) if args.json else say(str(total))
        else:
            hits = search.search(conn, query, args.limit)
            total = len(hits)
            for hit in hits:
                emit(searched_post(hit)) if args.json else _show(hit)
    if not total and (said := _why_nothing(args)):
        complain(said)
    return 0


def _synonyms(args: argparse.Namespace) -> tuple[tuple[str, ...], ...]:
    from domain.input.load import BadSettings, load_file
    from pipeline.assess import Lexicon

    try:
        return load_file(config_dir(args) / "lexicon.yaml", Lexicon, "lexicon.yaml").synonyms
    except (BadSettings, OSError) as problem:
        raise Unusable(f"同义词读不出: {problem}") from None


def _why_nothing(args: argparse.Namespace) -> str:
    """What may have been meant otherwise than it was read."""
    from domain.posts import PostChannel

    known = [channel.label for channel in PostChannel]
    if args.channel is not None and _channel(args.channel) not in list(PostChannel):
        return f"没有帖文; 渠道 {args.channel!r} 不是常用渠道: {'、'.join(known)}"
    signs = [w for w in args.query.split() if w.startswith(("-", "+")) or w in ("OR", "AND", "NOT")]
    if signs:
        return f"没有帖文; {' '.join(signs)} 按字面检索, 没有“不含”“或者”的写法; 同义词写 ~停电"
    return ""


def _filters(args: argparse.Namespace) -> list[Query]:
    """What the options ask besides the words."""
    from domain.query.tree import Field, Range

    since, until = _moment(args.since), _moment(args.until)
    found: list[Query] = [Range("event_at", since, until)] if since or until else []
    return found if args.channel is None else [*found, Field("channel", _channel(args.channel))]


def _channel(typed: str) -> str:
    """The name of a channel that was typed as people call it."""
    from domain.posts import PostChannel

    return next((one.value for one in PostChannel if typed in (one.value, one.label)), typed)


def _moment(text: str | None) -> datetime | None:
    from domain.clock import SHANGHAI, parse_duration, parse_time, utc_now

    if text is None:
        return None
    if text in _DAYS:
        today = utc_now().astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
        return today - timedelta(days=_DAYS.index(text))
    try:
        return utc_now() - parse_duration(text)
    except ValueError:
        pass
    try:
        return parse_time(text)
    except ValueError as wrong:
        raise Unusable(f"{wrong}; 或 3d、12h、昨天") from None


def _show(hit: Any) -> None:
    from domain.clock import short
    from domain.masking.mask import mask
    from domain.posts import PostChannel

    row = hit.post
    mark = f" [{row.incident_number}]" if row.incident_number else ""
    channel = PostChannel.label_of(row.channel)
    say(f"{short(row.event_at)} {channel} {row.source}/{row.key}{mark}")
    body = mask(f"{row.title}\n{row.text}").replace("\n", " ")
    # What was found is in what is shown: a long letter begins where it wanders.
    first = min((_at(span, row) for span in hit.spans), default=0)
    begin = max(0, first - 60) if first > 80 else 0
    say("    " + ("…" if begin else "") + body[begin:].strip()[:100])


def _at(span: Any, row: Any) -> int:
    return int(span.start) + (0 if span.field == "title" else len(row.title) + 1)
