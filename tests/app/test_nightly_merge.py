"""At night the search index is joined, in steps for which nobody waits long."""

from __future__ import annotations

import asyncio
from pathlib import Path

from app_scene import found, take
from sqlalchemy import Engine, text

from db.engine import read, write
from db.search_index import merge
from gridvoice.processes.roles import ServiceRole
from gridvoice.service.service import Service
from gridvoice.settings.configuration import Configuration


def test_the_index_is_joined_by_a_task_of_its_own_that_can_be_stopped(
    sqlite_engine: Engine, config: Configuration, tmp_path: Path
) -> None:
    for n in range(40):
        take(sqlite_engine, found(str(n), f"小召乡{n}村停电{n * 7}天没人管"))
    before = room(sqlite_engine)
    service = Service(config, sqlite_engine, "", tmp_path, roles=(ServiceRole.CLOCK,))
    service._plan(asyncio.Event())
    assert "merge" in service.tasks.tasks
    service._merge(lambda: False)
    assert room(sqlite_engine) == before, "it was told to stop"
    service._merge(lambda: True)
    assert room(sqlite_engine) < before
    with write(sqlite_engine) as conn:
        assert not merge(conn), "nothing is left to join"


def room(engine: Engine) -> int:
    with read(engine) as conn:
        bytes_ = conn.execute(text("SELECT sum(length(block)) FROM search_index_data"))
        return int(bytes_.scalar_one())
