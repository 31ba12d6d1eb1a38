"""Bringing the schema to its head, and telling whether it is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from db.tables import metadata

_UPGRADE_LANE = 0x7570_6772  # "upgr"


class NewerStore(Exception):
    """A newer program has brought this store to a version that this one does not know."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"数据库结构版本 {revision} 比本程序新: 请改用更新的 gridvoice, 或恢复升级前的备份"
        )


def _configuration() -> Config:
    config = Config()
    # From the package, not from the working directory: it runs from an installed wheel too.
    folder = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", folder)
    config.set_main_option("path_separator", "os")
    return config


def is_at_head(conn: Connection) -> bool:
    """Whether nothing is missing. Raises NewerStore."""
    at = current(conn)
    scripts = ScriptDirectory.from_config(_configuration())
    if at is not None and at not in {one.revision for one in scripts.walk_revisions()}:
        raise NewerStore(at)
    return at == scripts.get_current_head()


def bring_to_head(conn: Connection) -> None:
    """All migrations that are missing, in the caller's transaction, one process at a time."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:lane)"), {"lane": _UPGRADE_LANE})
    config = _configuration()
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def head() -> str:
    """The newest revision that this program knows."""
    found = ScriptDirectory.from_config(_configuration()).get_current_head()
    assert found is not None, "the package ships at least one migration"
    return found


def current(conn: Connection) -> str | None:
    """The revision that the database is at; None: it was never upgraded."""
    return MigrationContext.configure(conn).get_current_revision()


def differences(conn: Connection) -> list[str]:
    """How the database differs from `tables.metadata`, a line each."""
    context = MigrationContext.configure(conn, opts=compare_options(conn.dialect.name))
    found: list[str] = []
    for change in compare_metadata(context, metadata):
        # Changes of one column come as a list of their own.
        found += [_told(step) for step in (change if isinstance(change, list) else [change])]
    if conn.dialect.name == "sqlite" and not inspect(conn).has_table("search_index"):
        found.append("add_table search_index")
    return found


def _told(change: tuple[Any, ...]) -> str:
    """An Alembic operation (what would mend it) in one line: `add_column incidents.previous`."""
    verb, *about = change
    if verb in ("add_column", "remove_column"):
        return f"{verb} {about[1]}.{about[2].name}"
    if verb.startswith("modify_"):
        return f"{verb} {about[1]}.{about[2]}"
    thing = about[0]
    table = getattr(thing, "table", None)
    name = getattr(thing, "name", thing)
    return f"{verb} {table.name}.{name}" if table is not None else f"{verb} {name}"


def compare_options(dialect: str | None = None) -> dict[str, Any]:
    """What Alembic compares: our tables, those of the other database left out."""

    def ours(thing: Any, name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
        if kind != "table":
            return True
        if reflected:
            # FTS5 keeps its index in tables of its own.
            return not (name or "").startswith("search_index")
        return dialect is None or thing.info.get("only_on", dialect) == dialect

    return {
        "target_metadata": metadata,
        "include_object": ours,
        "compare_type": True,
        "render_as_batch": True,
    }
