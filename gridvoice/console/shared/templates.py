"""Templates and files of the console: rendered, tagged, and answered 304 when nothing changed."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from domain.assessments import Severity
from gridvoice.console.shared.wording import moment

_HERE = Path(__file__).parents[1]  # of the console
_MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@cache
def _files() -> dict[str, tuple[bytes, str, str]]:
    """name → (content, media type, tag) of everything under static/."""
    found = {}
    for path in sorted((_HERE / "static").iterdir()):
        body = path.read_bytes()
        found[path.name] = (body, _MEDIA[path.suffix], hashlib.sha256(body).hexdigest()[:12])
    return found


def _asset(name: str) -> str:
    return f"/static/{name}?v={_files()[name][2]}"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["asset"] = _asset
    environment.globals["Severity"] = Severity
    return environment


def render(
    request: Request, template: str, context: dict[str, Any], now: datetime, status: int = 200
) -> Response:
    """A page; 304 where the asker already holds the same bytes. `now` is in the zone shown."""
    zone = getattr(now.tzinfo, "key", "UTC")
    context = {"here": "", "now": f"截至 {moment(now, now).short}", "zone": zone, **context}
    body = _templates().get_template(template).render(context).encode("utf-8", "replace")
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    if status == 200 and request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    return HTMLResponse(body, status, {"etag": tag})


def static_file(name: str) -> Response | None:
    """One file of static/; its address carries its tag, so it may be kept for ever."""
    found = _files().get(name)
    if found is None:
        return None
    body, media, _ = found
    return Response(
        body, media_type=media, headers={"cache-control": "public, max-age=31536000, immutable"}
    )
