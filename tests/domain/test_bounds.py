"""What comes in through the door: each bound just at, and just beyond."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from domain.input import bounds
from domain.input.bounds import (
    KEY_CHARS,
    MOST_COUNT,
    NAME_CHARS,
    TEXT_BYTES,
    TITLE_CHARS,
    URL_CHARS,
)


@pytest.mark.parametrize("char", ["a", "é", "停", "😭", "\ud83d"])
def test_a_text_is_measured_in_bytes_however_wide_its_characters(char: str) -> None:
    wide = len(char.encode("utf-8", "surrogatepass"))
    fits = char * (TEXT_BYTES // wide)
    assert bounds.too_long("", fits) is None
    assert bounds.cut_text(fits) is fits
    longer = fits + char
    said = bounds.too_long("", longer)
    assert said is not None
    assert "'text'" in said
    shorter = bounds.cut_text(longer)
    assert shorter.endswith("全文见原始证据）")
    beginning = shorter.split("…（")[0]
    if char == "\ud83d":  # half a character cannot be stored as it is
        assert set(beginning) == {"?"}
    else:  # and of whole ones none is cut in two
        assert beginning in longer
        assert TEXT_BYTES - 4 < len(shorter.encode()) <= TEXT_BYTES


def test_a_title_is_measured_in_characters() -> None:
    assert bounds.too_long("长" * TITLE_CHARS, "") is None
    said = bounds.too_long("长" * (TITLE_CHARS + 1), "")
    assert said is not None
    assert "'title'" in said


def test_what_is_cut_is_as_long_as_it_may_be_and_shows_it() -> None:
    assert bounds.cut("停电三天", 4) == "停电三天"
    assert bounds.cut("停电三天了", 4) == "停电三…"


def test_a_cut_key_fits_and_stays_its_own() -> None:
    whole = "k" * KEY_CHARS
    assert bounds.cut_key(whole) == whole
    cut = {bounds.cut_key(whole + end) for end in ("a", "b", "\ud83d")}
    assert len(cut) == 3
    assert {len(key) for key in cut} == {KEY_CHARS}
    assert all(key.startswith("k" * (KEY_CHARS - 33) + "…") for key in cut)
    # It is stored: another spelling of it makes every such post a new one.
    assert bounds.cut_key("k" * 401).endswith("…48bff54bdc125b6fa8e5dbcee0e5e24a")


@pytest.mark.parametrize(
    ("value", "figure"),
    [
        (0, 0), (7, 7), (7.9, 7), (MOST_COUNT, MOST_COUNT), (-1, None), (-0.5, None),
        (MOST_COUNT + 1, None), (math.inf, None), (-math.inf, None), (math.nan, None),
        (True, None), (False, None), ("7", None), (None, None), ([7], None), (10**400, None),
    ],
)  # fmt: skip
def test_a_figure_is_believed_within_reason(value: Any, figure: int | None) -> None:
    assert bounds.count(value) == figure


def test_figures_that_cannot_be_believed_are_left_out_one_by_one() -> None:
    given = {"likes": 3, "views": -1, 5: 6, "n" * NAME_CHARS: 1, "n" * (NAME_CHARS + 1): 1}
    assert bounds.counts(given) == {"likes": 3, "n" * NAME_CHARS: 1}
    assert bounds.counts([("likes", 3)]) == bounds.counts(None) == {}
    many = {"bad": "x"} | {f"n{i}": i for i in range(30)}
    assert bounds.counts(many) == {f"n{i}": i for i in range(20)}


def test_a_moment_is_believed_if_every_zone_can_show_it() -> None:
    for year, believed in ((1, False), (2, True), (2026, True), (9998, True), (9999, False)):
        at = datetime(year, 6, 1, tzinfo=UTC)
        assert bounds.moment(at) == (at if believed else None), year
    assert bounds.moment(None) is None
    assert bounds.moment(datetime(2026, 3, 1)) is None  # noqa: DTZ001 - what is refused
    # It is the year in UTC that counts, and one that has no such year is refused, not raised.
    assert bounds.moment(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=8)))) is None
    assert bounds.moment(datetime(9999, 1, 1, 5, tzinfo=timezone(timedelta(hours=8)))) is not None
    assert bounds.moment(datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=8)))) is None


@pytest.mark.parametrize(
    ("url", "believed"),
    [
        ("https://a.example/1", True), ("https://a.example/" + "x" * (URL_CHARS - 18), True),
        ("https://a.example/" + "x" * (URL_CHARS - 17), False), ("", False), ("/", True),
        ("https://a.example/a\nb", False), ("https://a.example/\u202eb", False),
        ("https://[::1", False), ("https://a.example:99999/", False), ("http://a:b/", False),
    ],
)  # fmt: skip
def test_an_address_is_believed_if_it_can_be_taken_apart(url: str, believed: bool) -> None:
    assert bounds.address(url) == (url if believed else None)
