"""Text cut to a limit without breaking a character."""

from __future__ import annotations

import unicodedata


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, the last an ellipsis where something was cut."""
    if len(text) <= limit:
        return text
    return text[: _boundary(text, limit - 1)] + "…"


def clip_bytes(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, whole characters only (with their combining marks)."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= limit:
        return raw.decode()
    mark = "…".encode()
    room = limit - len(mark)
    if room < 0:
        return ""
    kept = raw[:room].decode("utf-8", "ignore")
    whole = raw.decode()
    return whole[: _boundary(whole, len(kept))] + "…"


def clip_lines(text: str, limit: int, head: int = 2, tail: int = 1) -> str:
    """At most `limit` bytes: the first `head` and last `tail` lines stay, the middle gives way.

    Those lines hold the number and the link. Where even they do not fit, the first ones are cut.
    """
    if len(text.encode("utf-8", "replace")) <= limit:
        return text.encode("utf-8", "replace").decode()
    lines = text.split("\n")
    last = lines[len(lines) - tail :] if len(lines) > head else []
    first = lines[:head]
    middle = lines[head : len(lines) - len(last)]
    room = limit - sum(len(line.encode("utf-8", "replace")) + 1 for line in last)
    top = clip_bytes("\n".join(first), max(room, 0))
    room -= len(top.encode())
    kept: list[str] = []
    for line in middle:
        size = len(line.encode("utf-8", "replace")) + 1
        if size > room:
            part = clip_bytes(line, room - 1) if room > 30 else ""
            kept.extend([part] if part else [])
            break
        kept.append(line)
        room -= size
    return "\n".join(part for part in (top, *kept, *last) if part)


def _boundary(text: str, position: int) -> int:
    """`position`, or the start of the character whose combining marks it would tear off."""
    while 0 < position < len(text) and unicodedata.combining(text[position]):
        position -= 1
    return position
