"""Which role each route is made for: what has no row here is refused.

There is no log-in yet: whoever sits at this machine may do all that has a row (`guard`). The table
is what the log-in will go by.
"""

from __future__ import annotations

from fastapi import Request
from starlette.exceptions import HTTPException

from domain.incidents.acts import ACTS
from domain.incidents.roles import Role

ANYBODY = None  # before any log-in, too

_WRITTEN: dict[str, Role | None] = {
    "GET /": Role.READ_ONLY,
    "GET /incidents/{number}": Role.READ_ONLY,
    "GET /sources": Role.READ_ONLY,
    "GET /posts/{post_id}/original": Role.DUTY,  # the address, not masked
    "GET /static/{name}": ANYBODY,
    "GET /healthz": ANYBODY,
    "HEAD /healthz": ANYBODY,
    "GET /readyz": ANYBODY,
    "HEAD /readyz": ANYBODY,
}


def act_path(act: str) -> str:
    """The route of an act on an incident."""
    return f"/incidents/{{number}}/{act}"


def roles_of_routes() -> dict[str, Role | None]:
    """Method and path of each route → the role that it is made for; None: anybody."""
    acts: dict[str, Role | None] = {
        f"POST {act_path(name)}": rule.role for name, rule in ACTS.items()
    }
    return _WRITTEN | acts


async def only_what_is_written(request: Request) -> None:
    """403 for a route without a row. Async: of a plain function FastAPI would start a thread."""
    if f"{request.method} {request.scope['route'].path}" not in roles_of_routes():
        raise HTTPException(403)
