"""How the console answers: a page, or a message with a way back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import Request, Response

from gridvoice.console.shared.banners import Banner
from gridvoice.console.shared.context import Context
from gridvoice.console.shared.templates import render


def page(
    request: Request,
    context: Context,
    template: str,
    shown: dict[str, Any],
    now: datetime,
    status: int = 200,
) -> Response:
    """A page of a template and what it shows."""
    trouble = any(one.alarm for one in context.troubles())
    return render(request, template, {"trouble": trouble, **shown}, now, status)


def message(
    request: Request,
    context: Context,
    heading: str,
    text: str,
    status: int,
    wrong: Sequence[Banner] = (),
) -> Response:
    """A few words and the way back."""
    shown = {"heading": heading, "text": text, "banners": wrong}
    return page(request, context, "message.html", shown, context.now, status)


def nothing_there(request: Request, context: Context) -> Response:
    """No page has that address."""
    return message(request, context, "没有这个页面", "地址可能有误。", 404)
