"""Aspects 二级类目: what exactly a relevant post is about, by phrases of config/categories.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from domain.assessments import Category
from pipeline.text.normalise import Squeezed, squeezed_spelling
from pipeline.text.phrases import PhraseBook


@dataclass(frozen=True, slots=True)
class Aspect:
    """One second-level class."""

    title: str
    phrases: tuple[str, ...]

    def problems(self) -> Iterator[tuple[str, str]]:
        for phrase in self.phrases:
            if len("".join(phrase.split())) < 2:
                yield "phrases", f"{phrase!r} 太短; 词语至少两个字"


@dataclass(frozen=True, slots=True)
class CategorySettings:
    """One of the six classes with its aspects."""

    title: str
    aspects: dict[str, Aspect]


class Aspects:
    """config/categories.yaml, ready for matching."""

    def __init__(self, categories: dict[Category, CategorySettings]) -> None:
        phrases: dict[str, list[tuple[Category, str]]] = {}
        for category, settings in categories.items():
            for slug, aspect in settings.aspects.items():
                for phrase in aspect.phrases:
                    phrases.setdefault(squeezed_spelling(phrase), []).append((category, slug))
        self._book = PhraseBook({phrase: tuple(found) for phrase, found in phrases.items()})

    def of(self, post: Squeezed, category: Category | None) -> tuple[str, ...]:
        """The aspects of the post's own category, most often named first; none without one."""
        counts: dict[str, int] = {}
        for _, _, found in self._book.find_all(post):
            for owner, slug in found:
                if owner is category:
                    counts[slug] = counts.get(slug, 0) + 1
        return tuple(sorted(counts, key=lambda slug: -counts[slug]))
