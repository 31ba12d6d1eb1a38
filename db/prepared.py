"""Found posts made ready for the store: bounded, cleaned, folded once, hashed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace

from db.statements import storable
from domain.input import bounds
from domain.posts import Evidence, FoundPost
from domain.text import fold, folded_hash


@dataclass(frozen=True, slots=True)
class Readied:
    """A found post as the store takes it (`found`) and as the source showed it (`shown`)."""

    shown: FoundPost
    found: FoundPost
    folded_title: str
    folded_text: str
    hash: str

    @property
    def identity(self) -> tuple[str, str]:
        """(source, key), as stored."""
        return self.found.source, self.found.key

    @property
    def is_blank(self) -> bool:
        """Whether it has no words at all, or none that anybody sees."""
        return not (self.folded_title.strip() or self.folded_text.strip())


def ready(shown: FoundPost) -> Readied:
    """`shown` as the store takes it: every field cleaned and within its bounds.

    What cannot be believed (a date, a figure, an address) is left out, what is too long is cut.
    """
    found = replace(
        shown,
        source=bounds.cut(storable(shown.source), bounds.NAME_CHARS),
        key=stored_key(shown.key),
        title=bounds.cut(storable(shown.title), bounds.TITLE_CHARS),
        text=bounds.cut_text(storable(shown.text)),
        channel=bounds.cut(storable(shown.channel), bounds.NAME_CHARS),
        url=bounds.address(storable(shown.url)) if shown.url else None,
        region=_words(shown.region),
        published_raw=_words(shown.published_raw),
        published_at=bounds.moment(shown.published_at),
        reply=None if shown.reply is None else bounds.cut_text(storable(shown.reply)),
        reply_at=bounds.moment(shown.reply_at),
        engagement={storable(k): n for k, n in bounds.counts(shown.engagement).items()},
        evidence=None if shown.evidence is None else _evidence(shown.evidence),
    )
    folded_title, folded_text = fold(found.title), fold(found.text)
    return Readied(shown, found, folded_title, folded_text, folded_hash(folded_title, folded_text))


def stored_key(key: str) -> str:
    """The spelling under which a key is stored."""
    return bounds.cut_key(storable(key))


def without_repeats(batch: Sequence[Readied]) -> list[list[Readied]]:
    """`batch` in order, cut so that no part names a post twice (the second may be an edit)."""
    parts: list[list[Readied]] = []
    seen: dict[tuple[str, str], int] = {}
    for read in batch:
        nth = seen.get(read.identity, 0)
        seen[read.identity] = nth + 1
        if nth == len(parts):
            parts.append([])
        parts[nth].append(read)
    return parts


def author_hash(found: FoundPost, key: bytes) -> str | None:
    """Tells apart the writers of one channel without keeping a name; None: no name was shown."""
    if not found.author:
        return None
    words = f"{found.channel}\n{found.author}".encode("utf-8", "surrogatepass")
    return hmac.new(key, words, hashlib.sha256).hexdigest()[:32]


def _words(text: str | None) -> str | None:
    return None if text is None else bounds.cut(storable(text), bounds.WORDS_CHARS)


def _evidence(proof: Evidence) -> Evidence:
    """The posts of a page share one proof: it is replaced only where it cannot be stored."""
    url = bounds.cut(storable(proof.url), bounds.URL_CHARS)
    kind = bounds.cut(storable(proof.content_type), bounds.NAME_CHARS)
    if (url, kind) == (proof.url, proof.content_type):
        return proof
    return replace(proof, url=url, content_type=kind)
