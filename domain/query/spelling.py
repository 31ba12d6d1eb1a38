"""The one spelling in which words are compared with texts, wherever they are compared."""

from __future__ import annotations

from domain.text import fold

# What no database holds (NUL), and the two signs that mark tokens in SQLite's index.
_UNREADABLE = "\x00\x1e\x1f"


def searchable(text: str) -> str:
    """`text` folded, and with U+FFFD for each sign that no index holds."""
    return readable(fold(text))


def readable(folded: str) -> str:
    """What `searchable` gives of a text that was folded already; the same length."""
    for sign in _UNREADABLE:
        folded = folded.replace(sign, "\ufffd")
    return folded
