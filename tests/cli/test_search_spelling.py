"""How a search is typed: channels as people call them, moments, and why nothing may be found."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

import pytest

from domain.clock import SHANGHAI
from domain.posts import PostChannel
from domain.query.tree import Field, Range
from gridvoice.cli.options import Unusable
from gridvoice.cli.search import _channel, _filters, _moment, _why_nothing


def asked(query: str = "停电", **options: str | None) -> argparse.Namespace:
    given = {"since": None, "until": None, "channel": None, **options}
    return argparse.Namespace(query=query, **given)


def test_a_channel_is_typed_by_its_name_or_as_people_call_it() -> None:
    for channel in PostChannel:
        assert _channel(channel.value) == _channel(channel.label) == channel.value
    assert _channel("电台") == "电台"


def test_nothing_found_is_explained_where_it_was_meant_otherwise() -> None:
    assert _why_nothing(asked()) == ""
    assert _why_nothing(asked(channel=PostChannel.WEIBO.label)) == ""
    assert "渠道 '电台' 不是常用渠道" in _why_nothing(asked(channel="电台"))
    for typed, signs in (("停电 -计划", "-计划"), ("a OR b", "OR"), ("+a NOT b", "+a NOT")):
        assert f"没有帖文; {signs} 按字面检索" in _why_nothing(asked(typed))
    assert _why_nothing(asked("停-电 or")) == ""


def midnight(moment: datetime) -> datetime:
    return moment.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)


def test_a_moment_is_a_day_a_span_or_a_time() -> None:
    before = datetime.now(UTC)
    hour = _moment("1h")
    assert hour is not None
    assert before - timedelta(hours=1) <= hour <= datetime.now(UTC) - timedelta(hours=1)
    for back, name in enumerate(("今天", "昨天", "前天")):
        found, ago = _moment(name), timedelta(days=back)
        # Midnight may pass meanwhile.
        assert found in {midnight(before) - ago, midnight(datetime.now(UTC)) - ago}
    assert _moment("2026-03-01") == datetime(2026, 3, 1, tzinfo=SHANGHAI)
    assert _moment(None) is None
    with pytest.raises(Unusable, match="或 3d、12h、昨天"):
        _moment("下周")


def test_options_narrow_what_the_words_ask() -> None:
    assert _filters(asked()) == []
    assert _filters(asked(channel="微博")) == [Field("channel", "weibo")]
    since = datetime(2026, 3, 1, tzinfo=SHANGHAI)
    assert _filters(asked(since="2026-03-01")) == [Range("event_at", since, None)]
    assert _filters(asked(until="2026-03-01", channel="weibo")) == [
        Range("event_at", None, since), Field("channel", "weibo"),
    ]  # fmt: skip
