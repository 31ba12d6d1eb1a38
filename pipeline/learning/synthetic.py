"""Written examples in many voices, made from a small grammar (`voices.txt`); training only.

Real complaints of supply are rare in the posts at hand; their ways of being said are not. Each
template stands beside its contrast: the same words said of a dormitory, a device, another country.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from domain.assessments import Category
from pipeline.learning.labels import Example

_CHANNELS = {
    "talk": ("weibo", "weibo", "weibo", "sms", "forum", "short_video"),
    "headline": ("hot_list", "news"),
    "news": ("news",),
    "board": ("gov_board", "hotline_12345"),
    "reply": ("gov_reply", "gov_board"),
}
_SLOT = re.compile(r"\{(\w+)\}")


def voices(each: int = 10, seed: int = 20261124) -> list[Example]:
    """Examples of every template, `each` a template, no text twice. The same for the same seed."""
    slots, templates = _read(Path(__file__).with_name("voices.txt").read_text(encoding="utf-8"))
    chance = random.Random(seed)
    found: dict[str, Example] = {}
    for assessment, category, register, template in templates:
        for _ in range(each if "{" in template else 1):
            text = _say(template, slots, chance)
            found.setdefault(
                text,
                Example(
                    id=f"voice-{len(found)}",
                    title="",
                    text=text,
                    channel=chance.choice(_CHANNELS[register]),
                    relevant=assessment != "other",
                    complaint=assessment == "complaint",
                    category=None if category == "-" else Category(category),
                    group="voices",
                    kind="synthetic",
                ),
            )
    return list(found.values())


def _say(template: str, slots: dict[str, tuple[str, ...]], chance: random.Random) -> str:
    text = template
    while (match := _SLOT.search(text)) is not None:
        said = chance.choice(slots[match[1]])
        text = text[: match.start()] + said + text[match.end() :]
    return text


def _read(grammar: str) -> tuple[dict[str, tuple[str, ...]], list[tuple[str, str, str, str]]]:
    slots: dict[str, tuple[str, ...]] = {}
    templates: list[tuple[str, str, str, str]] = []
    head: tuple[str, str, str] | None = None
    for line in _lines(grammar):
        if line.startswith("["):
            assessment, category, register = line.strip("[]").split()
            head = (assessment, category, register)
        elif head is None:
            name, _, alternatives = line.partition(" = ")
            slots[name] = tuple(
                "" if a.strip() == "~" else a.strip() for a in alternatives.split(" | ")
            )
        else:
            templates.append((*head, line))
    return slots, templates


def _lines(grammar: str) -> Iterator[str]:
    for line in grammar.splitlines():
        if line.strip() and not line.startswith("# "):
            yield line.strip()
