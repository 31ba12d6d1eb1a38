"""Questions put away as JSON and taken out again: a page that the next poll goes on with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crawlers.pages import Ask

_MOMENT = "moment"


def pack(ask: Ask) -> dict[str, Any]:
    """JSON-able. For questions to lists."""
    packed: dict[str, Any] = {"url": ask.url, "series": ask.series, "number": ask.number}
    if ask.method != "GET":
        packed |= {"method": ask.method, "body": ask.body.decode("latin-1")}
    if ask.headers:
        packed["headers"] = [list(pair) for pair in ask.headers]
    if ask.values:
        packed["values"] = [[name, _put(value)] for name, value in ask.values]
    return packed


def unpack(packed: Mapping[str, Any]) -> Ask:
    """What `pack` put away."""
    return Ask(
        url=packed["url"],
        method=packed.get("method", "GET"),
        body=packed.get("body", "").encode("latin-1"),
        headers=tuple((name, value) for name, value in packed.get("headers", ())),
        series=packed["series"],
        number=packed["number"],
        values=tuple((name, _take(value)) for name, value in packed.get("values", ())),
    )


def _put(value: Any) -> Any:
    return {_MOMENT: value.isoformat()} if isinstance(value, datetime) else value


def _take(value: Any) -> Any:
    is_moment = isinstance(value, dict) and _MOMENT in value
    return datetime.fromisoformat(value[_MOMENT]) if is_moment else value
