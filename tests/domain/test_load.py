"""Settings from YAML: every mistake is named with its line, nothing is taken for something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated, Any

import pytest

from domain.input.load import BadSettings, load_text
from domain.input.shapes import Section


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


@dataclass(frozen=True)
class Square:
    side: int

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.side < 1:
            yield "side", "too small"


@dataclass(frozen=True)
class Point:
    at: str = "middle"


@dataclass(frozen=True)
class Figure:
    kind: str
    form: Annotated[object, Section("kind")]
    colour: str = "red"


FORMS: dict[str, type[Any]] = {"square": Square, "point": Point}


def figure(text: str) -> Figure:
    return load_text(text, Figure, "f.yaml", FORMS)


def test_a_key_names_the_section_that_fills_a_field() -> None:
    assert figure("kind: square\nsquare: {side: 2}\n") == Figure("square", Square(2))
    assert figure("square: {side: 2}\ncolour: blue\nkind: square\n").colour == "blue"


@pytest.mark.parametrize(
    "text", ["kind: point\n", "kind: point\npoint:\n", "kind: point\nsquare:\n"]
)
def test_a_section_that_need_say_nothing_may_be_left_out(text: str) -> None:
    assert figure(text).form == Point()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: square\n", "f.yaml:1: kind: 缺少 square: 这一节"),
        ("kind: square\nsquare:\n", "f.yaml:1: kind: 缺少 square: 这一节"),
        ("kind: circle\n", "f.yaml:1: kind: 'circle' 不行；可写 square, point"),
        ("kind: squere\n", "是不是 'square'？"),
        ("colour: red\nsquare: {side: 1}\n", "f.yaml:1: kind: 缺少"),
        ("kind: [square]\n", "f.yaml:1: kind: "),
        ("kind: point\nsquare: {side: 1}\n", "f.yaml:2: square: 只有 kind: square 才有这一节"),
        ("kind: square\nsquare:\n  side: 0\n", "f.yaml:3: square.side: too small"),
        ("kind: square\nsquare:\n  sidee: 1\n", "f.yaml:3: square.sidee: 没有这一项"),
        ("kind: square\nsquare: 3\n", "f.yaml:2: square: '3' 不行；这里要逐行写"),
        (
            "kind: square\nsquare: {side: 1}\nsquare: {side: 2}\n",
            "f.yaml:3: square: 写了两次",
        ),
        ("kind: square\nsquares: {side: 1}\n", "squares: 没有这一项；是不是 'square'？"),
        ("kind: point\nform: {at: top}\n", "f.yaml:2: form: 没有这一项"),
    ],
)
def test_a_mistake_about_a_section_is_named(text: str, said: str) -> None:
    with pytest.raises(BadSettings) as raised:
        figure(text)
    assert said in str(raised.value)


def test_a_file_without_sections_knows_none() -> None:
    with pytest.raises(BadSettings, match="kind: 'square'"):
        load_text("kind: square\n", Figure, "f.yaml")


def test_a_shape_that_no_file_can_fill_is_our_own_fault_and_said_aloud() -> None:
    with pytest.raises(TypeError, match="settings cannot hold"):
        load_text("1", complex, "x.yaml")


def test_what_is_no_yaml_is_named_with_its_line() -> None:
    assert mistakes("name: a\nlimits: {pages: 1\nreach: 2\n")[0][0] == 3
    assert mistakes("name: a\n\tlimits: 1\n") == [(2, "")]
    assert mistakes("name: 'a") == [(1, "")]
