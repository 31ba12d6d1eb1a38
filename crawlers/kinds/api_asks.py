"""The questions of `kind: api`: templates of a file filled in, list by list and page by page."""

from __future__ import annotations

import json
from itertools import product
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from crawlers.kinds.api_rules import ApiRules, Call, Paging
from crawlers.kinds.templates import fill, fill_text, times
from crawlers.reading.pages import Ask, PollStart, Series
from crawlers.source import Source


def start(source: Source, rules: ApiRules, mark: PollStart) -> list[Ask]:
    base = times(mark.now, mark.since, rules.since_overlap)
    asks = []
    for i, address in enumerate(source.addresses):
        for keyword, place in product(rules.keywords or ("",), rules.places or ("",)):
            values = base | {"keyword": keyword, "place": place}
            values |= position(rules.paging, 0, None)
            ask = Ask(address, series=Series(i, keyword, place))
            asks.append(filled_in(rules.call, address, values, ask))
    return asks


def filled_in(call: Call, address: str, values: dict[str, Any], ask: Ask) -> Ask:
    """`ask` with the call's question, its names filled in from `values`."""
    url = fill_text(call.url or address, values, in_url=True)
    if call.query:
        query = urlencode({k: fill_text(v, values) for k, v in call.query.items()})
        parts = urlsplit(url)
        joined = f"{parts.query}&{query}" if parts.query else query
        url = urlunsplit(parts._replace(query=joined))
    headers = {k: fill_text(v, values) for k, v in call.headers.items()}
    body = b""
    if call.form is not None:
        body = urlencode({k: fill_text(v, values) for k, v in call.form.items()}).encode()
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    elif call.json is not None:
        body = json.dumps(fill(call.json, values), ensure_ascii=False).encode()
        headers.setdefault("Content-Type", "application/json")
    headers.setdefault("Accept", "application/json, text/plain, */*")
    return ask.but(
        url=url,
        method=call.method,
        body=body,
        headers=tuple(headers.items()),
        values=tuple(values.items()),
    )


def position(paging: Paging | None, number: int, cursor: Any) -> dict[str, Any]:
    """The values that ask for the page of that number (from 0), after that cursor."""
    if paging is None:
        return {"page": 1, "offset": 0, "size": 20, "cursor": ""}
    return {
        "page": paging.start + number,
        "offset": (paging.start if paging.by == "offset" else 0) + number * paging.size,
        "size": paging.size,
        "cursor": paging.first_cursor if cursor is None else cursor,
    }
