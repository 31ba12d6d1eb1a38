"""What a settings dataclass says of its fields: their types, and which key decides on a shape."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Tagged:
    """Says of a field that its key `key` names the dataclass to be filled:
    `Annotated[Shape, Tagged("kind", shapes)]`. `shapes` is asked when a file is read."""

    key: str
    shapes: Callable[[], Mapping[str, type[Any]]]


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """Says of a field that the section which the value of `key` names fills it: where
    `kind: board`, the section `board:` fills `rules: Annotated[Rules, Section("kind")]`. Whoever
    loads says which there are; one with a default for everything may be left out."""

    key: str


@cache
def hints_of(shape: Any) -> Mapping[str, Any]:
    """The dataclass's fields and their types, with what is annotated."""
    return typing.get_type_hints(shape, include_extras=True)


def mark_of(hint: Any, kind: type[T]) -> T | None:
    """What a field's annotation says of it beside its type."""
    return next((m for m in getattr(hint, "__metadata__", ()) if isinstance(m, kind)), None)


def is_required(spec: dataclasses.Field[Any]) -> bool:
    """Whether a file must say it."""
    return spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING
