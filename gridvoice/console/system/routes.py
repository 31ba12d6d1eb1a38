"""Files of the pages, and the two questions of whoever watches over us."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from gridvoice.console.shared.answers import nothing_there
from gridvoice.console.shared.context import InContext
from gridvoice.console.shared.templates import static_file


def system_routes() -> APIRouter:
    """The routes of this group. None of them waits for anything, so none needs a worker."""
    routes = APIRouter()
    routes.get("/static/{name}")(static)
    for path, answer in (("/healthz", healthz), ("/readyz", readyz)):
        routes.get(path)(answer)
        routes.head(path)(answer)
    return routes


async def static(request: Request, context: InContext, name: str) -> Response:
    return static_file(name) or nothing_there(request, context)


async def healthz() -> dict[str, Any]:
    return {"ok": True}


async def readyz(context: InContext) -> JSONResponse:
    wrong = context.troubles()
    problems = [f"{t.line}{t.todo}" for t in wrong if t.blocks]
    degraded = [f"{t.line}{t.todo}" for t in wrong if not t.blocks]
    answer = {"ready": not problems, "problems": problems, "degraded": degraded}
    return JSONResponse(answer, 503 if problems else 200)
