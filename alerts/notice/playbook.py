"""处置预案: per category, what the person who takes an alert does first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from domain.assessments import Category
from domain.input.load import load_file


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """时限, from when we knew: to speak with the customer, to answer, to have it put right."""

    first_contact: timedelta
    answer: timedelta
    rectify: timedelta


@dataclass(frozen=True, slots=True)
class Playbook:
    """`steps` in order, each short enough for a phone; `who` takes the lead.

    `about` says why people complain and what helps; `reply` drafts an answer, {…} to be filled in.
    """

    category: Category
    title: str
    who: str
    steps: tuple[str, ...]
    about: str = ""
    limits: TimeLimits | None = None
    reply: str = ""

    def problems(self) -> Iterator[tuple[str, str]]:
        if not 1 <= len(self.steps) <= 5:
            yield "steps", f"有 {len(self.steps)} 步; 手机上容得下一至五步"
        for step in self.steps:
            if len(step) > 60:
                yield "steps", f"{step[:12]}… 有 {len(step)} 字; 至多 60"


@dataclass(frozen=True, slots=True)
class Playbooks:
    """config/playbooks.yaml."""

    playbooks: tuple[Playbook, ...]

    def problems(self) -> Iterator[tuple[str, str]]:
        named = [p.category for p in self.playbooks]
        for category in Category:
            if named.count(category) != 1:
                yield (
                    "playbooks",
                    f"{category.value}: 有 {named.count(category)} 个预案, 须恰有一个",
                )

    def of(self, category: Category) -> Playbook:
        """The playbook of a category."""
        return next(p for p in self.playbooks if p.category is category)


def load_playbooks(path: Path, name: str | None = None) -> Playbooks:
    """The playbooks of `path`. Raises BadSettings."""
    return load_file(path, Playbooks, name)
