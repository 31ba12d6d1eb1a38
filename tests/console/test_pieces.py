"""Highlights: cut where they begin and end, on the masked text, in whatever order and length."""

from __future__ import annotations

import pytest

from domain.masking.mask import mask
from gridvoice.console.shared import highlights
from gridvoice.console.shared.highlights import (
    MarkedSpan,
    Piece,
    marked,
    quoted,
    readable,
    split,
)


def spans(*places: tuple[int, int]) -> list[MarkedSpan]:
    return [MarkedSpan(start, end, f"k{n}", f"w{n}") for n, (start, end) in enumerate(places)]


def shown(text: str, *places: tuple[int, int]) -> list[tuple[str, str]]:
    return [(piece.text, piece.kind) for piece in marked(text, spans(*places))]


@pytest.mark.parametrize(
    ("places", "pieces"),
    [
        ([], [("停电三天了", "")]),
        ([(0, 2)], [("停电", "k0"), ("三天了", "")]),
        ([(3, 5)], [("停电三", ""), ("天了", "k0")]),
        ([(0, 5)], [("停电三天了", "k0")]),
        ([(0, 2), (2, 4)], [("停电", "k0"), ("三天", "k1"), ("了", "")]),
        ([(0, 4), (1, 2)], [("停", "k0"), ("电", "k1"), ("三天", "k0"), ("了", "")]),
        ([(1, 2), (0, 4)], [("停电三天", "k1"), ("了", "")]),
        ([(-3, 1), (4, 99)], [("停", "k0"), ("电三天", ""), ("了", "k1")]),
        ([(2, 2), (4, 3), (9, 12)], [("停电三天了", "")]),
    ],
)
def test_a_text_is_cut_where_spans_begin_and_end(
    places: list[tuple[int, int]], pieces: list[tuple[str, str]]
) -> None:
    assert shown("停电三天了", *places) == pieces


def test_what_is_marked_is_masked() -> None:
    assert shown("打13812345678没人接", (1, 12)) == [
        ("打", ""), ("138****5678", "k0"), ("没人接", ""),
    ]  # fmt: skip
    assert marked("", spans((0, 1))) == []
    (piece,) = marked("停", spans((0, 1)))
    assert (piece.kind, piece.why) == ("k0", "w0")


def test_of_a_covered_number_all_of_it_is_quoted() -> None:
    text = "电话13812345678，停电三天"
    assert quoted(text, 14, 18) == "停电三天"
    assert quoted(text, 6, 7) == quoted(text, 2, 13) == quoted(text, 5, 9) == "138****5678"
    assert quoted(text, 2, 5) == "138", "what shows is quoted as it stands"
    assert quoted("13812345678", 4, 5) == "138****5678"
    # Far inside a long text only what is around is read, and the same is said.
    for before, behind in ((3000, 0), (0, 3000), (3000, 3000), (70, 3000)):
        long = "停" * before + text + "电" * behind
        assert quoted(long, before + 14, before + 18) == "停电三天"
        assert quoted(long, before + 6, before + 7) == "138****5678"
        assert quoted(long, before + 12, before + 13) == "8"


def test_a_text_of_the_longest_length_is_shown_whole_and_a_longer_one_is_cut_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(readable("停" * 20_000, [])) == 1
    assert len(readable("停" * 20_001, [])) == 2
    monkeypatch.setattr(highlights, "_MOST_SHOWN", 500)
    assert "".join(p.text for p in readable("停" * 500, [])) == "停" * 500
    for length, kept in ((501, 301), (700, 500), (9000, 500)):
        *pieces, last = readable("停" * length, spans((5, 7), (490, 600)))
        assert last == Piece("……（原文过长，未全部显示）")
        assert sum(len(p.text) for p in pieces) == kept
        assert pieces[1] == Piece("停停", "k0", "w0")
    # A number on the edge is covered, however little of it is shown.
    for at in range(485, 501):
        text = "停" * at + "13812345678" + "电" * 500
        seen = "".join(p.text for p in readable(text, []))
        assert mask(text).startswith(seen.removesuffix("……（原文过长，未全部显示）"))


def test_pieces_are_split_inside_one_where_it_must_be() -> None:
    whole = [Piece("停电"), Piece("三天", "k", "w"), Piece("了")]
    for at in range(7):
        head, rest = split(whole, at)
        texts = "".join(p.text for p in head), "".join(p.text for p in rest)
        assert texts == ("停电三天了"[:at], "停电三天了"[at:])
        assert all(p.text for p in (*head, *rest))
        assert {(p.kind, p.why) for p in (*head, *rest) if p.text in "三天"} == {("k", "w")}
    assert [p.text for p in split(whole, 3)[0]] == ["停电", "三"]
    assert split([], 3) == ([], [])
