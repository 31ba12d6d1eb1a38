"""The web console: its middleware, its groups of pages, and what is said where one fails."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, Request
from fastapi.responses import Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from gridvoice.console.guard import Guard
from gridvoice.console.incidents.routes import incident_routes
from gridvoice.console.shared.access import only_what_is_written
from gridvoice.console.shared.answers import message, nothing_there
from gridvoice.console.shared.banners import banners
from gridvoice.console.shared.context import Context, context_of
from gridvoice.console.sources.routes import source_routes
from gridvoice.console.system.routes import system_routes
from gridvoice.service.service import Service

log = logging.getLogger("gridvoice.console")


def console_of(service: Service) -> FastAPI:
    """The console of a service, over its store."""
    return create_app(context_of(service.config, service.engine, service.health.troubles))


def create_app(context: Context) -> FastAPI:
    """The console over a store that is at its newest schema.

    The public address's host is let in besides loopback. Pages read in worker threads, a snapshot
    each; whether we live and are ready is answered without any of them.
    """
    app = FastAPI(
        title="GridVoice 电力民声",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        dependencies=[Depends(only_what_is_written)],
    )
    app.state.context = context
    public = urlsplit(context.config.general.public_url).hostname
    app.add_middleware(Guard, own_hosts=[public] if public else [])
    for routes in (incident_routes, source_routes, system_routes):
        app.include_router(routes())

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            return nothing_there(request, context)
        said = f"请求未被接受（{error.status_code}）。"
        return message(request, context, "无法完成", said, error.status_code)

    @app.exception_handler(SQLAlchemyError)
    async def unreadable(request: Request, error: SQLAlchemyError) -> Response:
        cause = getattr(error, "orig", None) or error
        log.error("console cannot use the store path=%s error=%r", request.url.path, cause)
        return message(
            request,
            context,
            "数据库暂时无法使用",
            "请稍后刷新；若持续出现，请运行 gridvoice db check 并查看日志。",
            503,
            banners(context.troubles()),
        )

    return app
