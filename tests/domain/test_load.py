"""Settings from YAML: every mistake is named with its line, nothing is taken for something else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

import pytest

from domain.load import BadSettings, load_text


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Limits:
    pages: int = 3
    careful: bool = False
    share: float = 0.5
    wait: timedelta = timedelta(seconds=1)


@dataclass(frozen=True)
class Whole:
    name: str
    limits: Limits = Limits()
    colours: tuple[Colour, ...] = ()
    reach: dict[str, list[int]] = field(default_factory=dict)
    since: datetime | None = None


def mistakes(text: str) -> list[tuple[int, str]]:
    """(line, field) of each."""
    with pytest.raises(BadSettings) as caught:
        load_text(text, Whole, "whole.yaml")
    assert all(p.file == "whole.yaml" and p.message for p in caught.value.problems)
    return [(p.line, p.field) for p in caught.value.problems]


def test_everything_in_its_type() -> None:
    text = (
        "name: 0374\nlimits: {pages: 2, careful: true, share: 1, wait: 5m}\n"
        "colours: [red]\nreach: {组: [1, 2]}\nsince: 2026-11-24 03:10:00\n"
    )
    found = load_text(text, Whole, "whole.yaml")
    assert found.name == "0374", "a number to YAML, text to people"
    assert found.limits == Limits(2, True, 1.0, timedelta(minutes=5))
    assert type(found.limits.share) is float
    assert (found.colours, found.reach) == ((Colour.RED,), {"组": [1, 2]})
    assert found.since is not None
    assert found.since.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ("pages: true", "limits.pages"),  # to Python, true is the whole number 1
        ("pages: 1.0", "limits.pages"),
        ("pages: '3'", "limits.pages"),
        ("pages: three", "limits.pages"),
        ("pages: [3]", "limits.pages"),
        ("pages:", "limits.pages"),
        ("careful: 1", "limits.careful"),
        ("careful: 'yes'", "limits.careful"),
        ("share: true", "limits.share"),
        ("share: half", "limits.share"),
        ("wait: 5", "limits.wait"),
        ("page: 3", "limits.page"),
    ],
)
def test_a_value_of_another_type_is_refused_at_its_line(value: str, where: str) -> None:
    assert mistakes(f"name: a\nlimits:\n  {value}\n") == [(3, where)]


def test_a_key_given_twice_is_named_with_its_second_line() -> None:
    assert mistakes("name: a\nlimits:\n  pages: 1\n  pages: 2\n") == [(4, "limits.pages")]
    assert mistakes("name: a\nname: b\n") == [(2, "name")]
    assert mistakes("name: a\nreach:\n  组: [1]\n  班: [2]\n  组: [3]\n") == [(5, "reach.组")]


def test_every_mistake_is_named_at_once() -> None:
    text = "limits: {pages: x}\ncolours: [red, green]\nreach: {a: [b]}\n"
    assert mistakes(text) == [
        (1, "limits.pages"), (2, "colours[1]"), (3, "reach.a[0]"), (1, "name"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "- a\n", "just words", "name: [a\n", "\tname: a"]
)
def test_what_is_no_settings_file_at_all_is_said_so(text: str) -> None:
    assert len(mistakes(text)) == 1
