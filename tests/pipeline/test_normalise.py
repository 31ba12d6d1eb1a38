"""Squeezed text reads the same however it was typed, and leads back to the original."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.normalise import squeeze, squeezed_spelling
from pipeline.text.phrases import PhraseBook


def test_spaces_width_and_traditional_forms_read_the_same() -> None:
    plain = squeeze("停电", "小召乡10kV线路停电").text
    for title, text in (
        ("停 电", "小召乡 10kV 线路停电"),
        ("停電", "小召鄉１０ＫＶ線路停電"),
        ("停\u200b电", "小召乡\u300010kV\n线路\t停电\ufe0f"),
        ("停\u3164\u2800电", "小\u034f召\x08乡\u115f10\U000e0061kV\u202e线路\xad停电"),
    ):
        assert squeeze(title, text).text == plain


def test_a_span_leads_back_to_the_words_as_they_were_typed() -> None:
    text = "  …小 召\u3000鄉①停電"
    post = squeeze("標 題", text)
    start = post.text.index("小召乡")
    first, last = post.span(start, start + 3)
    assert text[first:last] == "小 召\u3000鄉"
    first, last = post.span(0, 2)
    assert ("標 題"[first:last], post.field(0)) == ("標 題", "title")


def test_no_phrase_crosses_from_the_title_into_the_text() -> None:
    book = PhraseBook({"停电": 1})
    assert book.find(squeeze("停", "电了")) == []


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_squeezed_and_every_span_lies_in_its_field(title: str, text: str) -> None:
    post = squeeze(title, text)
    assert "\n" not in post.text.replace("\n", "", 1)
    for start in range(len(post.text)):
        if start == post.boundary:
            continue
        first, last = post.span(start, start + 1)
        original = title if post.field(start) == "title" else text
        assert 0 <= first < last <= len(original)
        assert post.text[start] in squeezed_spelling(original[first:last])


def test_the_longest_phrase_wins_and_none_lies_over_another() -> None:
    book = PhraseBook({"停电": 1, "停电通知": 2, "电通": 3, "通知": 4})
    assert book.find(squeeze("", "停电通知停电")) == [(1, 5, 2), (5, 7, 1)]
    assert [value for _, _, value in book.find_all(squeeze("", "停电通知"))] == [2, 3, 4]


@given(st.lists(st.text("停电通知来", min_size=2, max_size=4), max_size=8), st.text("停电通知来"))
def test_a_phrase_book_finds_what_a_plain_search_finds(phrases: list[str], text: str) -> None:
    book = PhraseBook(dict.fromkeys(phrases, 1))
    post = squeeze("", text)
    found = {(start, post.text[start:end]) for start, end, _ in book.find_all(post)}
    for start in range(1, len(post.text)):
        fitting = [p for p in phrases if post.text.startswith(p, start)]
        expected = {(start, max(fitting, key=len))} if fitting else set()
        assert {pair for pair in found if pair[0] == start} == expected
