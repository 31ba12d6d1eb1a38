"""The words that the scorer knows by meaning: who, what happened, to whom, in which tone.

A concept is a class of phrases (`concepts.txt`); two concepts near one another are a rule as a
feature ("the grid cut it" against "the dormitory cut it"), whose weight is learnt. The Chinese
titles are what people read in the reasons.
"""

from __future__ import annotations

from pathlib import Path


def _read(text: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Slug → (title, phrases), in the order of the file."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    slug = title = ""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if line.startswith("["):
            slug, title = line.strip("[]").split(" ", 1)
            found[slug] = (title, ())
        elif line:
            found[slug] = (title, (*found[slug][1], *line.split()))
    return found


_LEXICON = _read(Path(__file__).with_name("concepts.txt").read_text(encoding="utf-8"))
NAMES: tuple[str, ...] = tuple(_LEXICON)
TITLES: tuple[str, ...] = tuple(title for title, _ in _LEXICON.values())

# Concepts that say what happened or was done: a no before one of their phrases turns it round.
_SAID = "outage cut trip voltage restored overcharge hazard burnt connect call request praise calm"
DENIABLE = frozenset([*_SAID.split(), "resolved", "notice", "ration", "force"])
# Concepts that say it is well: a question about it says that it is not.
ASKABLE = frozenset(("restored", "resolved"))


def words() -> dict[str, tuple[int, ...]]:
    """Each phrase and the concepts (their numbers in NAMES) that it stands for."""
    found: dict[str, list[int]] = {}
    for number, (_, phrases) in enumerate(_LEXICON.values()):
        for phrase in phrases:
            concepts = found.setdefault(phrase, [])
            if number not in concepts:
                concepts.append(number)
    return {phrase: tuple(numbers) for phrase, numbers in found.items()}
