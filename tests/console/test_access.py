"""Every route has its role in a written table; what is not written is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from console_server import Console, context_over
from fastapi.routing import APIRoute
from sqlalchemy import Engine

from domain.incidents.roles import Role
from gridvoice.console.app import create_app
from gridvoice.console.shared import access


def routes_of(engine: Engine) -> set[str]:
    left: list[Any] = list(create_app(context_over(engine)).routes)
    found: set[str] = set()
    while left:
        route = left.pop()
        if isinstance(route, APIRoute):
            found |= {f"{method} {route.path}" for method in route.methods}
        else:  # a group of pages; anything else, a mount say, escapes the table
            left += route.original_router.routes
    return found


def test_every_route_has_a_row_and_every_row_a_route(engine: Engine) -> None:
    assert routes_of(engine) == set(access.roles_of_routes())


def test_whoever_only_reads_changes_nothing() -> None:
    for route, role in access.roles_of_routes().items():
        if not route.startswith(("GET ", "HEAD ")):
            assert role not in (access.ANYBODY, Role.READ_ONLY), route


def test_a_route_without_a_row_is_refused(
    running: Callable[..., Console], monkeypatch: pytest.MonkeyPatch
) -> None:
    console = running()
    assert console.get("/sources").status_code == 200
    monkeypatch.delitem(access._WRITTEN, "GET /sources")
    answer = console.get("/sources")
    assert answer.status_code == 403
    assert "请求未被接受（403）" in answer.text
    assert "x-frame-options" in answer.headers
    assert console.get("/").status_code == 200
