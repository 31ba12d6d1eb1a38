"""YAML → dataclass, with file, line, field, value and what would be right for every mistake.

Each part owns the dataclasses of its settings; this module fills them, driven by type: `timedelta`
from "5m", enums from their values, nested dataclasses, `list`/`tuple`/`dict` of those. Where one
key decides what the others are, `Tagged` and `Section` say so. Unknown keys are errors.
"""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import yaml

from domain.clock import parse_duration, parse_time
from domain.input.shapes import Section, Tagged, hints_of, is_required, mark_of
from domain.input.yaml_nodes import is_null, kind_of, plain_value, shown

T = TypeVar("T")
Problems = Iterator[tuple[str, str]]  # (field, message): what a dataclass finds wrong with itself
Sections = Mapping[str, type[Any]]
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NO_SECTIONS: Sections = MappingProxyType({})


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


def load_file(
    path: Path, shape: type[T], name: str | None = None, sections: Sections = _NO_SECTIONS
) -> T:
    """The file's one document as a `shape`. `name` is how messages call the file; `sections` are
    those that may fill a field marked `Section`.

    A dataclass may have a method `problems() -> Iterable[tuple[field, message]]` for rules over
    several fields; its findings are reported at the line of the field.
    Raises BadSettings with every mistake found, FileNotFoundError as it is.
    """
    name = name or str(path)
    return load_text(read_settings(path, name), shape, name, sections)


def read_settings(path: Path, name: str) -> str:
    """A settings file's text. Raises BadSettings with the line where it is not UTF-8."""
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = "不是 UTF-8 编码（多半是 GBK）；用编辑器另存为 UTF-8，Excel 选“CSV UTF-8”"
        raise BadSettings([Problem(name, line, "", message)]) from None


def load_text(text: str, shape: type[T], name: str, sections: Sections = _NO_SECTIONS) -> T:
    """As `load_file`, from text."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        what = getattr(error, "problem", None) or "不是合法的 YAML"
        hint = "缩进只用空格；含有 ': ' 或 '#' 的值要加引号"
        raise BadSettings([Problem(name, line, "", f"{what}；{hint}")]) from None
    filler = _Filler(name, sections)
    if root is None:
        raise BadSettings([Problem(name, 1, "", "文件是空的；可由默认配置复制一份")])
    value = filler.value(root, shape, "")
    if filler.problems:
        raise BadSettings(filler.problems)
    return typing.cast(T, value)


class _Wrong(Exception):
    """A value that does not fit; already reported."""


class _Filler:
    def __init__(self, file: str, sections: Sections) -> None:
        self.file = file
        self.sections = sections
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
            return plain_value(node)
        if origin in (typing.Union, types.UnionType):
            options = [a for a in typing.get_args(shape) if a is not type(None)]
            if is_null(node):
                if len(options) < len(typing.get_args(shape)):
                    return None
                raise self.wrong(node, field, "是空的；要写一个值")
            return self._value(node, options[0], field)
        if origin in (list, tuple):
            return self._sequence(node, shape, field)
        if origin is dict:
            return self._mapping(node, typing.get_args(shape), field)
        if dataclasses.is_dataclass(shape):
            return self._record(node, shape, field)
        return self._scalar(node, shape, field)

    def _named(self, node: yaml.Node, shape: Any, field: str) -> Any:
        """The shape that an annotated field has here."""
        tag = mark_of(shape, Tagged)
        if tag is None or not isinstance(node, yaml.MappingNode):
            return typing.get_args(shape)[0]  # which says what is wrong with the node
        path, shapes = _path(field, tag.key), tag.shapes()
        named = next((value for key, value in node.value if key.value == tag.key), None)
        if named is None:
            raise self.wrong(node, path, f"缺少；可写 {', '.join(shapes)}")
        if str(named.value) not in shapes:
            raise self.wrong(named, path, _not_among(str(named.value), shapes))
        return shapes[str(named.value)]

    def _sequence(self, node: yaml.Node, shape: Any, field: str) -> Any:
        if not isinstance(node, yaml.SequenceNode):
            raise self.wrong(node, field, f"{shown(node)} 不是列表；每行写一个 '- 项目'")
        item = typing.get_args(shape)[0]
        values = [self.value(n, item, f"{field}[{i}]") for i, n in enumerate(node.value)]
        return tuple(values) if typing.get_origin(shape) is tuple else values

    def _mapping(self, node: yaml.Node, args: tuple[Any, ...], field: str) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_node, value_node in self._pairs(node, field):
            key = self.value(key_node, args[0], field)
            found[key] = self.value(value_node, args[1], _path(field, key_node.value))
        return found

    def _pairs(self, node: yaml.Node, field: str) -> Iterator[tuple[yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            raise self.wrong(node, field, f"{shown(node)} 不行；这里要逐行写 '键: 值'")
        seen: set[str] = set()
        for key_node, value_node in node.value:
            if key_node.value in seen:
                self.wrong(key_node, _path(field, key_node.value), "写了两次")
                continue
            seen.add(key_node.value)
            yield key_node, value_node

    def _record(self, node: yaml.Node, shape: Any, field: str) -> Any:
        hints = hints_of(shape)
        fields = {f.name: f for f in dataclasses.fields(shape) if f.init}
        marked = {n: mark.key for n in fields if (mark := mark_of(hints[n], Section))}
        sections = self.sections if marked else _NO_SECTIONS
        keys = [name for name in fields if name not in marked] + list(sections)
        before = len(self.problems)
        lines: dict[str, yaml.Node] = {}
        values: dict[str, Any] = {}
        for key_node, value_node in self._pairs(node, field):
            key = str(key_node.value)
            path = _path(field, key)
            if key not in keys:
                near = difflib.get_close_matches(key, keys, 1)
                hint = f"是不是 {near[0]!r}？" if near else f"可写 {', '.join(keys)}"
                self.wrong(key_node, path, f"没有这一项；{hint}")
            elif key not in sections:
                lines[key] = value_node
                values[key] = self.value(value_node, hints[key], path)
        for name, key in marked.items():
            values[name] = self._section(node, key, field)
        for name, spec in fields.items():
            if name not in values and is_required(spec):
                self.wrong(node, _path(field, name), "缺少")
        if len(self.problems) > before:
            raise _Wrong
        record = shape(**values)
        for name, message in getattr(record, "problems", tuple)():
            self.wrong(lines.get(name, node), _path(field, name), message)
        return record

    def _section(self, node: yaml.Node, key: str, field: str) -> Any:
        """The section that the value of `key` names; that the key is missing is told elsewhere."""
        given = {str(k.value): (k, v) for k, v in node.value if not is_null(v)}
        if key not in given:
            return None
        kind, named = given[key][1], str(given[key][1].value)
        if named not in self.sections:
            self.wrong(kind, _path(field, key), _not_among(named, self.sections))
            return None
        for other in self.sections:
            if other != named and other in given:
                said = f"只有 {key}: {other} 才有这一节，而这里的 {key} 是 {named}"
                self.wrong(given[other][0], _path(field, other), said)
        shape = self.sections[named]
        if named in given:
            return self.value(given[named][1], shape, _path(field, named))
        if any(map(is_required, dataclasses.fields(shape))):
            self.wrong(kind, _path(field, key), f"缺少 {named}: 这一节，它说明从哪里读什么")
            return None
        return shape()

    def _scalar(self, node: yaml.Node, shape: Any, field: str) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            raise self.wrong(node, field, f"是{kind_of(node)}；这里只要一个值")
        plain = plain_value(node)
        if plain is None:
            raise self.wrong(node, field, "是空的；要写一个值")
        if shape is str:
            # 0374 and 2026-11-24 unquoted are numbers and dates to YAML; people mean text.
            return str(node.value)
        if shape is bool or shape is int:
            if type(plain) is not shape:
                want = "true 或 false" if shape is bool else "整数"
                raise self.wrong(node, field, f"{node.value!r} 不是 {want}")
            return plain
        if shape is float:
            if type(plain) not in (int, float):
                raise self.wrong(node, field, f"{node.value!r} 不是数字")
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


def _path(field: str, key: str) -> str:
    return f"{field}.{key}" if field else key


def _not_among(word: str, options: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(options), 1)
    hint = f"是不是 {near[0]!r}？" if near else ""
    return f"{word!r} 不行；{hint}可写 {', '.join(options)}"
