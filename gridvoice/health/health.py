"""The one collection of what is wrong with the system, for the console, a supervisor, the operator.

What needs the store or the disk is looked at by a task of its own, so that no answer waits for
either; how old that look is is part of the answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from db.engine import can_write, read
from db.faults import in_words
from domain.clock import utc_now
from domain.masking.mask import mask
from domain.trouble import Trouble
from gridvoice.health.conditions import disk_troubles, people_troubles
from gridvoice.health.store_health import store_parts
from gridvoice.settings.configuration import Configuration

log = logging.getLogger("gridvoice.health")

LOOK_EVERY_S = 5.0
_OLD_AFTER_S = 60.0
_REFUSED_LOOKS = 2  # a single refusal may be a long transaction of somebody else's
_SOON = timedelta(minutes=1)
Part = Callable[[], Iterable[Trouble]]


class Health:
    """What is wrong now: `parts` are asked each time and must not wait; the store is looked at by
    `look`, which may."""

    def __init__(
        self,
        engine: Engine,
        config: Configuration,
        folders: Sequence[Path] = (),
        parts: Sequence[Part] = (),
    ) -> None:
        self._engine, self._config, self._folders = engine, config, folders
        self._parts = list(parts)
        self._seen: tuple[Trouble, ...] = ()
        self._of_rows: dict[str, tuple[Trouble, ...]] = {}
        self._store_parts = store_parts(
            {name: source.title for name, source in config.sources.items()},
            {name: opened.title for name, opened in config.channels.items()},
            config.general.time_zone,
        )
        self._said: set[str] = set()
        self._unsound: tuple[Trouble, ...] = ()
        self._refused = 0
        self._looked_at: float | None = None
        self._made_at = time.monotonic()

    def troubles(self) -> list[Trouble]:
        """All that is wrong, in no order."""
        found = [trouble for part in self._parts for trouble in self._asked(part)]
        found += [*self._seen, *self._unsound, *people_troubles(self._config)]
        age = time.monotonic() - (self._looked_at or self._made_at)
        if age > _OLD_AFTER_S:
            found.append(
                Trouble(
                    key="health",
                    what=f"系统体检已 {age:.0f} 秒没有完成：数据库或磁盘可能没有响应。",
                    todo="请检查数据库与磁盘，并查看日志。",
                    alarm=True,
                    blocks=True,
                    tell_after=timedelta(0),
                )
            )
        return found

    def look(self, *_: object) -> None:
        """Look at store and disk once."""
        found = [*self._writing(), *disk_troubles(self._folders, self._config.general.disk)]
        schema = self._schema()
        found += schema
        if not schema:
            found += self._rows()
        of_rows = [trouble for part in self._of_rows.values() for trouble in part]
        self._seen = (*found, *of_rows)
        self._looked_at = time.monotonic()

    def check(self, *_: object) -> None:
        """The nightly check of the whole store; what it finds stands until the next."""
        from db.engine import check

        problems = check(self._engine)
        log.info("store checked problems=%d", len(problems))
        self._unsound = tuple(
            Trouble(
                key="store:unsound",
                what=f"数据库检查发现 {len(problems)} 处问题：{problems[0]}。",
                todo="请运行 gridvoice db check 查看全部，必要时从备份恢复。",
                alarm=True,
                tell_after=timedelta(0),
            )
            for _ in problems[:1]
        )

    @property
    def is_writable(self) -> bool:
        """Whether the last look found that the store takes a write."""
        return self._looked_at is not None and not self._refused

    def _writing(self) -> Iterator[Trouble]:
        problem = can_write(self._engine)
        self._refused = self._refused + 1 if problem else 0
        if problem and self._refused >= _REFUSED_LOOKS:
            yield Trouble(
                key="store:write",
                what=f"数据库写不进：{mask(problem)}。",
                todo="新帖与预警暂存不了，恢复后自动继续；请立即处理磁盘、权限或占用它的程序。",
                alarm=True,
                blocks=True,
                tell_after=_SOON,
            )

    @cached_property
    def _head(self) -> str:
        from db.schema import head  # here: it loads Alembic

        return head()

    def _schema(self) -> list[Trouble]:
        from db.schema import current

        try:
            with read(self._engine) as conn:
                found = current(conn)
        except SQLAlchemyError as error:
            return [_unreadable(error)]
        if found == self._head:
            return []
        return [
            Trouble(
                key="store:schema",
                what=f"数据库结构是 {found or '空'} 版，本程序需要 {self._head} 版。",
                todo="请运行 gridvoice db upgrade；若数据库较新，请升级本程序。",
                alarm=True,
                blocks=True,
                tell_after=_SOON,
            )
        ]

    def _rows(self) -> list[Trouble]:
        """What cannot be read now is taken to stand as it stood."""
        failed: list[Trouble] = []
        try:
            with read(self._engine) as conn:
                now = utc_now()
                for name, part in self._store_parts.items():
                    try:
                        self._of_rows[name] = tuple(part(conn, now))
                    except SQLAlchemyError:
                        raise
                    except Exception as error:
                        failed.append(self._broken(name, error))
        except SQLAlchemyError as error:
            return [_unreadable(error)]
        return failed

    def _asked(self, part: Part) -> list[Trouble]:
        try:
            return list(part())
        except Exception as error:
            return [self._broken("进程", error)]

    def _broken(self, what: str, error: Exception) -> Trouble:
        """Who looks may fail as well; then that is what is wrong."""
        if what not in self._said:
            self._said.add(what)
            log.error("cannot look at %s", what, exc_info=error)
        return Trouble(
            key=f"look:{what}",
            what=f"体检看不了“{what}”（{type(error).__name__}），其余照常。",
            todo="请查看日志，并运行 gridvoice db check。",
            alarm=True,
            tell_after=_SOON,
        )


def _unreadable(error: SQLAlchemyError) -> Trouble:
    return Trouble(
        key="store:read",
        what=f"数据库读不了：{mask(in_words(error) or type(error).__name__)}。",
        todo="请运行 gridvoice db check，并检查 GRIDVOICE_DATABASE 与磁盘。",
        alarm=True,
        blocks=True,
        tell_after=_SOON,
    )
