"""Masking: what may be shown, sent or exported of a text written by the public.

Covered, however they are spelt: telephone, identity, account and meter numbers, bank cards, plates,
e-mail and chat names, names behind a label such as 联系人, door-level addresses, and what a link
carries of them. Towns, villages, estates, roads and buildings stay, because they locate the matter;
so do hotlines, measurements, money, dates and the numbers of lines and transformers.

Covering is character for character: spans of the original hold for the masked text.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from domain.masking.covering import Span
from domain.masking.doors import DOORS
from domain.masking.labels import NAMES, VALUES
from domain.masking.links import IN_TEXT, shown_address
from domain.masking.numbers import MAILS, NUMBERS, PLATES, written_out
from domain.masking.plain import has_numerals, numerals, parted, plain

_RULES = (NUMBERS, PLATES, MAILS, VALUES, NAMES, DOORS, IN_TEXT)
_COVER = "*"
# What is left of a covered number may complete another: 3-2-13812345678室. Twice is enough for
# all but texts that were made for it.
_PASSES = 4
_MEMO_CHARS = 4_000
_WORD_CHARS = 24


def mask(text: str) -> str:
    """`text` with personal data covered, of the same length, each other character where it was.

    Masking what is masked changes nothing.
    """
    if len(text) <= _WORD_CHARS:
        return _word(text)
    return _mask(text) if len(text) > _MEMO_CHARS else _known(text)


def _mask(text: str) -> str:
    for _ in range(_PASSES):
        spans = list(_private(text))
        if not spans:
            break
        covered = _covered(text, spans)
        if covered == text:
            break
        text = covered
    return text


# One message masks the same text for its heading, its quotes and each of their grounds.
_known = lru_cache(maxsize=256)(_mask)
# Phrases, places, stations: the same few thousand all day long.
_word = lru_cache(maxsize=4_096)(_mask)


def mask_address(url: str | None) -> str | None:
    """A post's address for whoever may not see the unmasked post; None where it cannot be used."""
    return shown_address(url, mask)


def _private(text: str) -> Iterator[Span]:
    """Spans of `text` to cover, in any order."""
    for read in filter(None, (plain(text), parted(text))):
        for start, end in _covered_in(read.text):
            yield read.span(start, end)


def _covered_in(text: str) -> Iterator[Span]:
    """Spans of a plain text, read as it is and with the numbers that are written out as digits."""
    for rules in _RULES:
        yield from rules.spans(text)
    if has_numerals(text):
        as_digits = numerals(text)
        yield from written_out(text, as_digits)
        for rules in _RULES:
            yield from rules.spans(as_digits)


def _covered(text: str, spans: list[Span]) -> str:
    characters = list(text)
    for start, end in spans:
        for at in range(start, end):
            if characters[at] != "\n":
                characters[at] = _COVER
    return "".join(characters)
