"""`{names}` in the questions to an API, filled in; all other braces stay as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from domain.clock import SHANGHAI

_NAME = re.compile(
    r"\{(keyword|place|page|offset|size|cursor|key|since_ms|since_s|now_ms|now_s)\}"
    r"|\{(since|now)(?::([^{}]+))?\}"
)
_DEFAULT_FORMAT = "%Y-%m-%d"


def times(now: datetime, since: datetime | None, overlap: timedelta) -> dict[str, Any]:
    """The values of `{now…}` and `{since…}`: since = start of the last complete poll - overlap."""
    start = (since or now - timedelta(days=3)) - overlap
    return {
        "now": now,
        "since": start,
        "now_s": int(now.timestamp()),
        "now_ms": int(now.timestamp() * 1000),
        "since_s": int(start.timestamp()),
        "since_ms": int(start.timestamp() * 1000),
    }


def fill_text(template: str, values: Mapping[str, Any], *, in_url: bool = False) -> str:
    """`template` with its names filled in; in a URL the values are percent-encoded."""

    def put(match: re.Match[str]) -> str:
        value = str(_value(match, values))
        return quote(value, safe="") if in_url else value

    return _NAME.sub(put, template)


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """A JSON body filled in; a text that is one name alone keeps the value's type."""
    if isinstance(template, str):
        if match := _NAME.fullmatch(template):
            return _value(match, values)
        return fill_text(template, values)
    if isinstance(template, Mapping):
        return {k: fill(v, values) for k, v in template.items()}
    if isinstance(template, list | tuple):
        return [fill(v, values) for v in template]
    return template


def _value(match: re.Match[str], values: Mapping[str, Any]) -> Any:
    name = match[1] or match[2]
    value = values.get(name, "")
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).strftime(match[3] or _DEFAULT_FORMAT)
    return value
