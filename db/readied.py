"""Found posts made ready for the store: cleaned, folded once, hashed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from db.statements import storable
from domain.model import FoundPost
from domain.text import fold, folded_hash


@dataclass(frozen=True, slots=True)
class Readied:
    """A found post, cleaned for the database and folded once for hash and index."""

    found: FoundPost
    key: str
    title: str
    text: str
    folded_title: str
    folded_text: str
    hash: str

    @property
    def is_blank(self) -> bool:
        """Whether it has no words at all."""
        return not (self.title.strip() or self.text.strip())


def ready(found: FoundPost) -> Readied:
    """`found`, cleaned and folded."""
    title, text = storable(found.title), storable(found.text)
    folded_title, folded_text = fold(title), fold(text)
    return Readied(
        found,
        storable(found.key),
        title,
        text,
        folded_title,
        folded_text,
        folded_hash(folded_title, folded_text),
    )


def without_repeats(found: Sequence[FoundPost]) -> list[list[FoundPost]]:
    """`found` in order, cut so that no part names a post twice (the second may be an edit)."""
    parts: list[list[FoundPost]] = []
    seen: dict[tuple[str, str], int] = {}
    for post in found:
        nth = seen.get((post.source, post.key), 0)
        seen[post.source, post.key] = nth + 1
        if nth == len(parts):
            parts.append([])
        parts[nth].append(post)
    return parts


def author_hash(found: FoundPost, key: bytes) -> str | None:
    """Tells apart the writers of one channel without keeping a name; None: no name was shown."""
    if not found.author:
        return None
    words = f"{found.channel}\n{found.author}".encode("utf-8", "surrogatepass")
    return hmac.new(key, words, hashlib.sha256).hexdigest()[:32]
