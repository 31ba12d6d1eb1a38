"""角色: what people of a control centre are there for."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a page or an act is made for. Which role includes which is the log-in's matter."""

    READ_ONLY = "read_only"
    DUTY = "duty"
    ANALYST = "analyst"
    SUPERVISOR = "supervisor"
    OPERATOR = "operator"
    ADMIN = "admin"
