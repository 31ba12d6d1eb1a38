"""Is the store sound? Every finding is a sentence for the operator."""

from __future__ import annotations

from sqlalchemy import Connection

from db import schema


def find_problems(conn: Connection) -> list[str]:
    """What is wrong, in Chinese, with what to do; empty: nothing was found."""
    at, head = schema.current(conn), schema.head()
    if at != head:
        return [f"数据库结构版本是 {at or '空'}, 程序需要 {head}: 请运行 gridvoice db upgrade"]
    return []
