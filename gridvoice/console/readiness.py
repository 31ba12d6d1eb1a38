"""Whether the console can serve: the store answers and has the schema that this program knows."""

from __future__ import annotations

from functools import cached_property

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from db.engine import read


class Readiness:
    """Asked often by supervisors; what the program ships is read once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @cached_property
    def _head(self) -> str:
        from db.schema import head  # here: it loads Alembic

        return head()

    def problems(self) -> list[str]:
        """What stands in the way, for an operator; empty: ready."""
        from db.schema import current

        try:
            with read(self._engine) as conn:
                found = current(conn)
        except SQLAlchemyError as error:
            return [f"database not reachable: {type(error).__name__}; check GRIDVOICE_DATABASE"]
        if found != self._head:
            return [f"schema is at {found}, this program needs {self._head}: gridvoice db upgrade"]
        return []
