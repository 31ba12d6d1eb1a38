"""The page of sources."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from db.engine import read
from gridvoice.console.shared.answers import page
from gridvoice.console.shared.context import InContext, in_worker
from gridvoice.console.sources.view import sources_page


def source_routes() -> APIRouter:
    """The routes of this group."""
    routes = APIRouter()
    routes.get("/sources")(show_sources)
    return routes


@in_worker
def show_sources(request: Request, context: InContext) -> Response:
    now = context.now
    with read(context.engine) as conn:
        shown = sources_page(conn, context, now)
    return page(request, context, "sources.html", {**shown, "here": "sources"}, now)
