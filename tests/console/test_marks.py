"""Highlights on masked text never show what masking covers, and mark what they were meant for."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.masking.mask import mask
from gridvoice.console.shared.highlights import MarkedSpan, marked, quoted, readable, split

PRIVATE = ["13812345678", "0374-2123456", "411023199001011234", "户号：4100123456", "a.b@c.com",
           "豫K12345", "3号楼2单元501室", "6222021234567890123"]  # fmt: skip
texts = st.lists(
    st.one_of(st.sampled_from(PRIVATE), st.text("停电低压。 ，1234567890ab路号", max_size=8)),
    max_size=8,
).map("".join)


@given(texts, st.lists(st.tuples(st.integers(-3, 60), st.integers(-3, 60)), max_size=5))
def test_pieces_join_to_exactly_the_masked_text(text: str, places: list[tuple[int, int]]) -> None:
    pieces = marked(text, [MarkedSpan(a, b, "reason", "") for a, b in places])
    assert "".join(p.text for p in pieces) == mask(text)


def test_a_phone_number_cut_by_a_highlight_stays_covered_as_a_whole() -> None:
    text = "联系我13812345678，停电了"
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            shown = "".join(p.text for p in marked(text, [MarkedSpan(start, end, "reason", "")]))
            assert shown == "联系我138****5678，停电了"


def test_a_highlight_behind_a_covered_number_stands_on_its_own_words() -> None:
    text = "户号：41001234567890，电压只有160伏"
    start = text.index("电压")
    pieces = marked(text, [MarkedSpan(start, start + 4, "reason", "电压问题")])
    assert [p.text for p in pieces if p.kind] == ["电压只有"]


def test_of_two_highlights_on_one_place_the_later_shows() -> None:
    pieces = marked("小召西村停电", [MarkedSpan(0, 4, "place", ""), MarkedSpan(2, 6, "reason", "")])
    assert [(p.text, p.kind) for p in pieces] == [("小召", "place"), ("西村停电", "reason")]


def test_splitting_keeps_every_piece() -> None:
    pieces = marked("一二三四五六", [MarkedSpan(2, 5, "reason", "w")])
    head, rest = split(pieces, 3)
    assert ["".join(p.text for p in part) for part in (head, rest)] == ["一二三", "四五六"]
    assert [p.kind for p in rest] == ["reason", ""]


@settings(max_examples=settings.default.max_examples // 6)
@given(st.integers(-250, 40), st.sampled_from(PRIVATE))
def test_a_text_that_is_cut_shows_no_half_of_a_number(before: int, private: str) -> None:
    text = "，" * (20_000 - before) + private + "，" * 400
    shown = "".join(p.text for p in readable(text, ())).removesuffix("……（原文过长，未全部显示）")
    assert mask(text).startswith(shown)
    assert len(shown) > 19_900


@given(texts, st.integers(0, 60), st.integers(1, 12))
def test_a_quoted_phrase_is_part_of_the_masked_text(text: str, start: int, length: int) -> None:
    assert quoted(text, start, start + length) in mask(text)
