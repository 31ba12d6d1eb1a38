"""Folding and identity: one spelling for all, the way back, and hashes that stay as they are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.text import content_hash, fold, fold_with_offsets, folded_hash

pieces = st.lists(
    st.sampled_from(
        ["停电", "停電", "ＡＢ", "㎸", "é", "e\u0301", "…", "𠀀", "😭", " ", "\n", "İ"]
    ),
    max_size=12,
).map("".join)


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
