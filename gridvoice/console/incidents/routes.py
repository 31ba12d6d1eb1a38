"""The board, one incident, its acts, and the way to a post's original."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from db.alone import problem_of
from db.engine import read
from db.faults import is_of_the_store
from db.incidents import NoSuchIncident
from db.pages.incident import read_post_url
from domain.incidents.acts import ACTS
from domain.masking.links import openable
from gridvoice.console.incidents.board import board
from gridvoice.console.incidents.filters import read_filter
from gridvoice.console.incidents.view import FormView, incident_page
from gridvoice.console.shared.access import act_path
from gridvoice.console.shared.answers import message, page
from gridvoice.console.shared.banners import Banner
from gridvoice.console.shared.context import Context, InContext, in_worker
from gridvoice.console.shared.pager import page_number
from gridvoice.handling.acts import DOING, NotNow

_THEN = {
    "ack": "请按处置预案跟进，处理完后在此结束事件。",
    "close": "同一问题再出现时会自动重新打开。",
}
_WHO_LIMIT, _NOTE_LIMIT = 30, 500
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_WHO_COOKIE = "who"
Typed = Annotated[str, Form()]


def incident_routes() -> APIRouter:
    """The routes of this group; one for each act that there is."""
    routes = APIRouter()
    routes.get("/")(show_board)
    routes.get("/incidents/{number}")(show_incident)
    for name in ACTS:
        routes.post(act_path(name), name=name)(act)
    routes.get("/posts/{post_id}/original")(original)
    return routes


@in_worker
def show_board(request: Request, context: InContext) -> Response:
    now, asked = context.now, request.query_params
    with read(context.engine) as conn:
        shown = board(conn, read_filter(asked), page_number(asked.get("page")), context, now)
    return page(request, context, "board.html", {**shown, "here": "board"}, now)


@in_worker
def show_incident(request: Request, context: InContext, number: str, done: str = "") -> Response:
    who = _clean(unquote(request.cookies.get(_WHO_COOKIE, "")))[:_WHO_LIMIT]
    return _incident(request, context, number, FormView(who=who), done=done)


@in_worker
def act(
    request: Request, context: InContext, number: str, who: Typed = "", note: Typed = ""
) -> Response:
    name = request.scope["route"].name
    who, note = _clean(who)[:_WHO_LIMIT], _clean(note)[:_NOTE_LIMIT]
    problem = "" if who else "请填写姓名，便于他人联系您。"
    if who and not note:
        problem = ACTS[name].asks
    if not problem:
        try:
            DOING[name](context.engine, context.config, number, who, note, context.now)
        except NoSuchIncident:
            return _no_incident(request, context)
        except NotNow as refused:
            problem = f"{refused}"
    if problem:
        return _incident(request, context, number, FormView(name, who, note, problem), 422)
    answer = RedirectResponse(f"/incidents/{quote(number, safe='')}?done={name}", 303)
    answer.set_cookie(_WHO_COOKIE, quote(who), max_age=30 * 86400, httponly=True, samesite="strict")
    return answer


@in_worker
def original(request: Request, context: InContext, post_id: str) -> Response:
    known = post_id.isascii() and post_id.isdecimal() and len(post_id) < 19
    with read(context.engine) as conn:
        url = openable(read_post_url(conn, int(post_id) if known else 0))
    if url is None:
        text = "这条帖文没有可打开的原文地址。"
        return message(request, context, "没有原文链接", text, 404)
    return RedirectResponse(url, 302)


def _incident(
    request: Request,
    context: Context,
    number: str,
    form: FormView,
    status: int = 200,
    done: str = "",
) -> Response:
    now = context.now
    nth = page_number(request.query_params.get("page"))
    try:
        with read(context.engine) as conn:
            shown = incident_page(conn, number, nth, context, now)
    except Exception as error:
        if is_of_the_store(error):
            raise
        said = f"请运维查看 gridvoice set-aside list（{problem_of(error)}）"
        return message(request, context, "这个事件的记录读不出", said, 500)
    if shown is None:
        return _no_incident(request, context)
    shown |= {"form": form, "notice": _notice(done), "here": "incident"}
    return page(request, context, "incident.html", shown, now, status)


def _notice(done: str) -> Banner | None:
    """That the act is done, and what is to be done next."""
    rule = ACTS.get(done)
    return Banner("done", f"已{rule.title}。", _THEN.get(done, "")) if rule else None


def _no_incident(request: Request, context: Context) -> Response:
    text = "编号可能有误，或事件已并入其他事件。"
    return message(request, context, "没有这个事件", text, 404)


def _clean(typed: str) -> str:
    return _CONTROL.sub("", _as_meant(typed).replace("\r\n", "\n")).strip()


def _as_meant(typed: str) -> str:
    """A form's text that was sent as it is, not escaped (curl -d): its bytes come one by one."""
    try:
        return typed.encode("latin-1").decode()
    except UnicodeError:
        return typed
