"""Folding and identity: one spelling for all, the way back, and hashes that stay as they are."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.text import UNSEEN, content_hash, fold, fold_table, fold_with_offsets, folded_hash

PIECES = ["停电", "停電", "ＡＢ", "㎸", "é", "e\u0301", "…", "𠀀", "😭", " ", "\n", "İ"]
PIECES += ["\u0301", "\u200b", "\ufe0f", "\u3164", "\u2800", "\u034f", "\x08", "\x1f", "\U000e0061"]
pieces = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def test_the_identity_of_a_post_never_changes() -> None:
    # Any other value here makes every stored post an edit of itself: its incident is told again.
    assert content_hash("求助", "小召乡停电三天") == "bb479758f401c4195f420137f6e4f9f9"
    assert content_hash("", "停电") == "7569bdcdddf4a76b672c9add74dbf0cf"


def test_spelling_and_white_space_are_no_change() -> None:
    plain = content_hash("小召停电", "ABC 没人管")
    assert content_hash("小召 停電\n", "ＡＢＣ\u3000没\t人管") == plain
    assert folded_hash(fold("小召停电"), fold("ABC 没人管")) == plain


def test_words_that_move_between_title_and_text_are_a_change() -> None:
    assert content_hash("停电三天", "没人管") != content_hash("停电", "三天没人管")
    assert content_hash("停电", "") != content_hash("", "停电")


@pytest.mark.parametrize(
    "unseen",
    [
        *"\u200b\u200c\u200d\u2060\ufeff\xad\u202e\u2066\ufe0f\u3164\u115f\u180e\u034f\x08\x7f\x9f",
        "\U000e0061",
        "\U000e0100",
        "\u200b\u202e\ufe0f",
    ],
)
def test_what_nobody_sees_hides_no_word_and_changes_no_identity(unseen: str) -> None:
    text = f"{unseen}小召停{unseen}电三天"
    assert fold(text) == "小召停电三天"
    assert content_hash(text, text) == content_hash("小召停电三天", "小召停电三天")
    folded = fold_with_offsets(text)
    start, end = folded.span(2, 4)
    assert fold(text[start:end]) == "停电"
    assert (text[start], text[end]) == ("停", "三")


def test_what_is_seen_or_parts_words_is_kept() -> None:
    assert fold("停\u3000电\t了\n停\u2800电") == "停 电\t了\n停 电"
    assert fold("\x00") == "\x00", "the store has a sign of its own for it"
    formats = {chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) == "Cf"}
    seen = formats - UNSEEN
    assert all(unicodedata.name(c).startswith(("ARABIC", "SYRIAC", "KAITHI", "EGYPTIAN"))
               for c in seen)  # fmt: skip


def test_no_character_folds_into_an_unseen_one() -> None:
    assert not UNSEEN.intersection("".join(fold_table().values()))


@given(pieces)
def test_a_folded_text_knows_where_each_of_its_characters_came_from(text: str) -> None:
    folded = fold_with_offsets(text)
    assert folded.text == fold(text)
    assert fold(folded.text) == folded.text
    for start in range(len(folded.text)):
        for end in range(start + 1, len(folded.text) + 1):
            a, b = folded.span(start, end)
            assert 0 <= a < b <= len(text)
            assert folded.text[start:end] in fold(text[a:b])
