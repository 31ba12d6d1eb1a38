"""The web console: 舆情事件, one incident, 信息源, and the two questions of a supervisor."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote, unquote, urlsplit

from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from db.engine import read
from domain.clock import utc_now
from domain.safe_links import openable
from gridvoice.console import queries
from gridvoice.console.banners import Banner, banners
from gridvoice.console.board import board
from gridvoice.console.filters import read_filters
from gridvoice.console.guard import Guard
from gridvoice.console.incident import FormView, incident_page
from gridvoice.console.pages import render, static_file
from gridvoice.console.remembered import Remembered
from gridvoice.console.sources import sources_page
from gridvoice.console.surroundings import Act, Surroundings
from gridvoice.console.workers import Workers

log = logging.getLogger("gridvoice.console")

_DONE = {
    "ack": Banner("done", "已接收。", "请按处置预案跟进，处理完后在此结束事件。"),
    "close": Banner("done", "已办结。", "同一问题再出现时会自动重新打开。"),
}
_WHO_LIMIT, _NOTE_LIMIT = 30, 500
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_WHO_COOKIE = "who"
_WORKERS = 8


def create_app(
    engine: Engine,
    around: Surroundings,
    *,
    public_url: str | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> FastAPI:
    """The console over a store that is at its newest schema.

    `public_url`'s host is let in besides loopback. Pages read in worker threads, a snapshot each;
    whether we live and are ready is answered without any of them.
    """
    app = FastAPI(
        title="GridVoice 电力民声",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    hosts = [urlsplit(public_url).hostname or ""] if public_url else []
    app.add_middleware(Guard, own_hosts=[h for h in hosts if h])
    kept, in_worker = Remembered(), Workers(_WORKERS)

    def present() -> datetime:
        return clock().astimezone(around.zone)

    def page(
        request: Request, template: str, context: dict[str, Any], now: datetime, status: int = 200
    ) -> Response:
        trouble = any(t.alarm for t in around.troubles())
        return render(request, template, {"trouble": trouble, **context}, now, status)

    def message(
        request: Request, heading: str, text: str, status: int, wrong: Sequence[Banner] = ()
    ) -> Response:
        context = {"heading": heading, "text": text, "banners": wrong}
        return page(request, "message.html", context, present(), status)

    def incident_answer(
        request: Request, number: str, form: FormView, status: int = 200, done: str = ""
    ) -> Response:
        now = present()
        asked = request.query_params.get("page", "1")
        nth = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 1
        with read(engine) as conn:
            context = incident_page(conn, number, max(1, nth), around, now)
        if context is None:
            return no_incident(request)
        context |= {"form": form, "notice": _DONE.get(done), "here": "incident"}
        return page(request, "incident.html", context, now, status)

    def no_incident(request: Request) -> Response:
        return message(request, "没有这个事件", "编号可能有误，或事件已并入其他事件。", 404)

    def act(request: Request, act: Act, name: str, number: str, who: str, note: str) -> Response:
        who, note = _clean(who)[:_WHO_LIMIT], _clean(note)[:_NOTE_LIMIT]
        problem = "" if who else "请填写姓名，便于他人联系您。"
        if name == "close" and who and not note:
            problem = "请写明处理结果。"
        if not problem:
            try:
                act(number, who, note)
            except LookupError:
                return no_incident(request)
            except ValueError as refused:
                problem = str(refused)
        if problem:
            return incident_answer(request, number, FormView(name, who, note, problem), 422)
        answer = RedirectResponse(f"/incidents/{quote(number, safe='')}?done={name}", 303)
        answer.set_cookie(
            _WHO_COOKIE, quote(who), max_age=30 * 86400, httponly=True, samesite="strict"
        )
        return answer

    @app.get("/")
    @in_worker
    def show_board(request: Request) -> Response:
        now = present()
        with read(engine) as conn:
            context = board(conn, read_filters(request.query_params), around, kept, now)
        return page(request, "board.html", {**context, "here": "board"}, now)

    @app.get("/incidents/{number}")
    @in_worker
    def show_incident(request: Request, number: str, done: str = "") -> Response:
        who = _clean(unquote(request.cookies.get(_WHO_COOKIE, "")))[:_WHO_LIMIT]
        return incident_answer(request, number, FormView(who=who), done=done)

    @app.post("/incidents/{number}/ack")
    @in_worker
    def acknowledge(
        request: Request,
        number: str,
        who: Annotated[str, Form()] = "",
        note: Annotated[str, Form()] = "",
    ) -> Response:
        return act(request, around.acknowledge, "ack", number, who, note)

    @app.post("/incidents/{number}/close")
    @in_worker
    def close(
        request: Request,
        number: str,
        who: Annotated[str, Form()] = "",
        note: Annotated[str, Form()] = "",
    ) -> Response:
        return act(request, around.close, "close", number, who, note)

    @app.get("/sources")
    @in_worker
    def show_sources(request: Request) -> Response:
        now = present()
        with read(engine) as conn:
            context = sources_page(conn, around, now)
        return page(request, "sources.html", {**context, "here": "sources"}, now)

    @app.get("/posts/{post_id}/original")
    @in_worker
    def original(request: Request, post_id: str) -> Response:
        number = (
            int(post_id) if post_id.isascii() and post_id.isdecimal() and len(post_id) < 19 else 0
        )
        with read(engine) as conn:
            url = openable(queries.read_post_url(conn, number))
        if url is None:
            return message(request, "没有原文链接", "这条帖文没有可打开的原文地址。", 404)
        return RedirectResponse(url, 302)

    @app.get("/static/{name}")
    async def static(request: Request, name: str) -> Response:
        return static_file(name) or message(request, "没有这个页面", "地址可能有误。", 404)

    @app.head("/healthz")
    @app.get("/healthz")
    async def healthz() -> dict[str, Any]:
        return {"ok": True}

    @app.head("/readyz")
    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        wrong = around.troubles()
        problems = [f"{t.line}{t.todo}" for t in wrong if t.blocks]
        degraded = [f"{t.line}{t.todo}" for t in wrong if not t.blocks]
        answer = {"ready": not problems, "problems": problems, "degraded": degraded}
        return JSONResponse(answer, 503 if problems else 200)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            return message(request, "没有这个页面", "地址可能有误。", 404)
        return message(
            request, "无法完成", f"请求未被接受（{error.status_code}）。", error.status_code
        )

    @app.exception_handler(SQLAlchemyError)
    async def unreadable(request: Request, error: SQLAlchemyError) -> Response:
        cause = getattr(error, "orig", None) or error
        log.error("console cannot use the store path=%s error=%r", request.url.path, cause)
        return message(
            request,
            "数据库暂时无法使用",
            "请稍后刷新；若持续出现，请运行 gridvoice db check 并查看日志。",
            503,
            banners(around.troubles()),
        )

    return app


def _clean(typed: str) -> str:
    return _CONTROL.sub("", typed.replace("\r\n", "\n")).strip()
