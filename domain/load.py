"""YAML → dataclass, with file, line, field, value and what would be right for every mistake.

Each part owns the dataclasses of its settings; this module fills them, driven by type: `timedelta`
from "5m", enums from their values, nested dataclasses, `list`/`tuple`/`dict` of those, and, by
`Tagged`, whichever dataclass one of the keys names. Unknown keys are errors.
"""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import yaml

from domain.clock import parse_duration, parse_time

T = TypeVar("T")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclasses.dataclass(frozen=True, slots=True)
class Tagged:
    """Says of a field that its key `key` names the dataclass to be filled:
    `Annotated[Shape, Tagged("kind", shapes)]`. `shapes` is asked when a file is read."""

    key: str
    shapes: Callable[[], Mapping[str, type[Any]]]


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a settings file."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return (
            f"{where}: {self.field}: {self.message}" if self.field else f"{where}: {self.message}"
        )


class BadSettings(Exception):
    """Settings files with mistakes; `problems` names each."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems


def load_file(path: Path, shape: type[T], name: str | None = None) -> T:
    """The file's one document as a `shape`. `name` is how messages call the file.

    A dataclass may have a method `problems() -> Iterable[tuple[field, message]]` for rules over
    several fields; its findings are reported at the line of the field.
    Raises BadSettings with every mistake found, FileNotFoundError as it is.
    """
    return load_text(path.read_text(encoding="utf-8-sig"), shape, name or str(path))


def load_text(text: str, shape: type[T], name: str) -> T:
    """As `load_file`, from text."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        what = getattr(error, "problem", None) or "not valid YAML"
        hint = "indent with spaces only; quote values that hold ': ' or '#'"
        raise BadSettings([Problem(name, line, "", f"{what}; {hint}")]) from None
    filler = _Filler(name)
    if root is None:
        raise BadSettings([Problem(name, 1, "", "the file is empty")])
    value = filler.value(root, shape, "")
    if filler.problems:
        raise BadSettings(filler.problems)
    return typing.cast(T, value)


class _Wrong(Exception):
    """A value that does not fit; already reported."""


class _Filler:
    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def wrong(self, node: yaml.Node, field: str, message: str) -> _Wrong:
        self.problems.append(Problem(self.file, node.start_mark.line + 1, field, message))
        return _Wrong()

    def value(self, node: yaml.Node, shape: Any, field: str) -> Any:
        try:
            return self._value(node, shape, field)
        except _Wrong:
            return None

    def _value(self, node: yaml.Node, shape: Any, field: str) -> Any:
        origin = typing.get_origin(shape)
        if origin is typing.Annotated:
            return self._value(node, self._named(node, shape, field), field)
        if shape is Any or shape is object:
            return _plain(node)
        if origin in (typing.Union, types.UnionType):
            options = [a for a in typing.get_args(shape) if a is not type(None)]
            if _is_null(node):
                if len(options) < len(typing.get_args(shape)):
                    return None
                raise self.wrong(node, field, "is empty; give it a value")
            return self._value(node, options[0], field)
        if origin in (list, tuple):
            return self._sequence(node, shape, field)
        if origin is dict:
            return self._mapping(node, typing.get_args(shape), field)
        if dataclasses.is_dataclass(shape):
            return self._record(node, typing.cast(type[Any], shape), field)
        return self._scalar(node, shape, field)

    def _named(self, node: yaml.Node, shape: Any, field: str) -> Any:
        """The shape that an annotated field has here."""
        tag = next((m for m in shape.__metadata__ if isinstance(m, Tagged)), None)
        if tag is None or not isinstance(node, yaml.MappingNode):
            return typing.get_args(shape)[0]  # which says what is wrong with the node
        path, shapes = f"{field}.{tag.key}".lstrip("."), tag.shapes()
        named = next((value for key, value in node.value if key.value == tag.key), None)
        if named is None:
            raise self.wrong(node, path, f"is missing; one of {', '.join(shapes)}")
        if str(named.value) not in shapes:
            raise self.wrong(named, path, _not_among(str(named.value), shapes))
        return shapes[str(named.value)]

    def _sequence(self, node: yaml.Node, shape: Any, field: str) -> Any:
        if not isinstance(node, yaml.SequenceNode):
            raise self.wrong(
                node, field, f"{_shown(node)} is not a list; write one '- item' a line"
            )
        item = typing.get_args(shape)[0]
        values = [self.value(n, item, f"{field}[{i}]") for i, n in enumerate(node.value)]
        return tuple(values) if typing.get_origin(shape) is tuple else values

    def _mapping(self, node: yaml.Node, args: tuple[Any, ...], field: str) -> dict[Any, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise self.wrong(node, field, f"{_shown(node)} is not a mapping of 'key: value' lines")
        found: dict[Any, Any] = {}
        for key_node, value_node in self._pairs(node, field):
            key = self.value(key_node, args[0], field)
            found[key] = self.value(value_node, args[1], f"{field}.{key_node.value}".lstrip("."))
        return found

    def _pairs(self, node: yaml.MappingNode, field: str) -> Iterator[tuple[yaml.Node, yaml.Node]]:
        seen: set[str] = set()
        for key_node, value_node in node.value:
            if key_node.value in seen:
                self.wrong(key_node, f"{field}.{key_node.value}".lstrip("."), "is given twice")
                continue
            seen.add(key_node.value)
            yield key_node, value_node

    def _record(self, node: yaml.Node, shape: type[Any], field: str) -> Any:
        if not isinstance(node, yaml.MappingNode):
            raise self.wrong(node, field, f"{_shown(node)} is not a mapping of 'key: value' lines")
        hints = typing.get_type_hints(shape, include_extras=True)
        fields = {f.name: f for f in dataclasses.fields(shape) if f.init}
        before = len(self.problems)
        lines: dict[str, yaml.Node] = {}
        values: dict[str, Any] = {}
        for key_node, value_node in self._pairs(node, field):
            key = str(key_node.value)
            path = f"{field}.{key}".lstrip(".")
            if key not in fields:
                near = difflib.get_close_matches(key, fields, 1)
                known = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(fields)}"
                self.wrong(key_node, path, f"unknown key; {known}")
                continue
            lines[key] = value_node
            values[key] = self.value(value_node, hints[key], path)
        for name, spec in fields.items():
            required = (
                spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING
            )
            if name not in values and required:
                self.wrong(node, f"{field}.{name}".lstrip("."), "is missing")
        if len(self.problems) > before:
            raise _Wrong
        record = shape(**values)
        for name, message in getattr(record, "problems", tuple)():
            self.wrong(lines.get(name, node), f"{field}.{name}".lstrip("."), message)
        return record

    def _scalar(self, node: yaml.Node, shape: Any, field: str) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            raise self.wrong(node, field, f"is a {_kind(node)}; one value is expected")
        plain = _plain(node)
        if plain is None:
            raise self.wrong(node, field, "is empty; give it a value")
        if shape is str:
            # 0374 and 2026-11-24 unquoted are numbers and dates to YAML; people mean text.
            return str(node.value)
        if shape is bool or shape is int:
            if type(plain) is not shape:
                want = "true or false" if shape is bool else "a whole number"
                raise self.wrong(node, field, f"{node.value!r} is not {want}")
            return plain
        if shape is float:
            if type(plain) not in (int, float):
                raise self.wrong(node, field, f"{node.value!r} is not a number")
            return float(plain)
        if isinstance(shape, type) and issubclass(shape, Enum):
            options = [str(m.value) for m in shape]
            if node.value not in options:
                raise self.wrong(node, field, _not_among(str(node.value), options))
            return shape(node.value)
        readers: dict[Any, Any] = {timedelta: parse_duration, datetime: parse_time, Path: Path}
        if shape in readers:
            try:
                return readers[shape](str(node.value))
            except ValueError as error:
                raise self.wrong(node, field, str(error)) from None
        raise TypeError(f"settings cannot hold {shape!r}")


def _not_among(word: str, options: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(options), 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{word!r}: {hint}one of {', '.join(options)}"


def _plain(node: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    value = loader.construct_object(node, deep=True)
    return value.isoformat() if isinstance(value, date | datetime) else value


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _kind(node: yaml.Node) -> str:
    return "list" if isinstance(node, yaml.SequenceNode) else "mapping"


def _shown(node: yaml.Node) -> str:
    return repr(node.value) if isinstance(node, yaml.ScalarNode) else f"a {_kind(node)}"
