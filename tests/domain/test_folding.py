"""One spelling for all, whichever part of Unicode a character comes from."""

from __future__ import annotations

import unicodedata

from domain.text import UNSEEN, fold, fold_table

# One of each kind of spelling that the wild knows, with what people mean.
SPELLINGS = {
    "ＡＢＣ１２３": "abc123", "𝐀𝟏": "a1", "🄰": "a", "㎸": "kv", "①": "1", "電": "电", "臺": "台",
    "\U0002f800": "丽", "e\u0301": "é", "É": "é", "İ": "i̇", "ﬁ": "fi", "\u3000": " ", "Ⅳ": "iv",
}  # fmt: skip


def test_every_spelling_is_read_as_the_plain_one() -> None:
    assert {odd: fold(odd) for odd in SPELLINGS} == SPELLINGS


def test_a_traditional_form_beyond_the_basic_plane_is_read_as_the_simple_one() -> None:
    # The first and the last that the table of simplified forms has there.
    rare = sorted(p for p in fold_table() if 0x20000 <= p < 0x2F800)
    assert (rare[0], rare[-1], len(rare) > 300) == (0x2005E, 0x2A64F, True)
    for point in rare:
        assert unicodedata.is_normalized("NFKC", chr(point)), "else the slow way would find it"
        assert fold(f"停{chr(point)}") == "停" + fold_table()[point] != f"停{chr(point)}"


def test_nothing_that_stands_for_itself_is_in_the_table() -> None:
    assert not [point for point, folded in fold_table().items() if folded == chr(point)]
    unseen = {chr(point) for point in fold_table() if not fold(chr(point))}
    assert unseen
    assert unseen <= UNSEEN
