"""Questions put away as JSON and taken out again: a page that the next poll goes on with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crawlers.reading.pages import Ask

_MOMENT = "moment"


def pack(ask: Ask, series: str) -> dict[str, Any]:
    """JSON-able. For questions to the list that is stored as `series`."""
    packed: dict[str, Any] = {"url": ask.url, "series": series, "number": ask.number}
    if ask.method != "GET":
        packed |= {"method": ask.method, "body": ask.body.decode("latin-1")}
    if ask.headers:
        packed["headers"] = [list(pair) for pair in ask.headers]
    if ask.values:
        packed["values"] = [[name, _put(value)] for name, value in ask.values]
    return packed


def unpack(packed: Mapping[str, Any]) -> Ask:
    """What `pack` put away, but for the series: the list that it is stored with knows that."""
    return Ask(
        url=packed["url"],
        method=packed.get("method", "GET"),
        body=packed.get("body", "").encode("latin-1"),
        headers=tuple((name, value) for name, value in packed.get("headers", ())),
        number=packed["number"],
        values=tuple((name, _take(value)) for name, value in packed.get("values", ())),
    )


def jsonable(value: Any) -> Any:
    """What a site's JSON gave, without the figures that no JSON knows (NaN, Infinity): PostgreSQL
    refuses them, and with them all that was to be stored beside."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): jsonable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(one) for one in value]
    return value if value is None or isinstance(value, str | int) else str(value)


def _put(value: Any) -> Any:
    return {_MOMENT: value.isoformat()} if isinstance(value, datetime) else jsonable(value)


def _take(value: Any) -> Any:
    is_moment = isinstance(value, dict) and _MOMENT in value
    return datetime.fromisoformat(value[_MOMENT]) if is_moment else value
