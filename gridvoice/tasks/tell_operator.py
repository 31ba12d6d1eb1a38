"""The operator is told what is wrong with the system: once each, and once when it is well again.

By a channel that is not itself the trouble, in a lane of its own that needs no store. Many troubles
at once are one message.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from functools import partial

from alerts.channels.opening import ChannelStatus, ConfiguredChannel
from alerts.notice import layout
from alerts.notice.notice import Notice
from alerts.notice.troubles import compose_troubles, id_of
from alerts.routing.route import Destination
from domain.alerts import SendError
from domain.clock import utc_now
from domain.trouble import Trouble
from gridvoice.health.told import News, Told
from gridvoice.processes.periodic import GoOn
from gridvoice.settings.configuration import Configuration

log = logging.getLogger("gridvoice.operator")

TELL_EVERY_S = 5.0
_OF_CHANNELS = ("channel", "held", "config")
_MACHINES = ("webhook",)  # comes to people only through a system of theirs
_GAP_S = 60.0  # between two messages; what comes up meanwhile is one
_CALM_GAP_S = 600.0  # where none of it is an alarm


class Operator:
    """Tells. `without_memory_s`: after so long it tells without knowing what was told before, the
    store having been away all the time."""

    def __init__(
        self,
        config: Configuration,
        troubles: Callable[[], Iterable[Trouble]],
        told: Told,
        without_memory_s: float = 60.0,
    ) -> None:
        self._config, self._troubles, self._told = config, troubles, told
        self._without_memory_at = time.monotonic() + without_memory_s
        self._spoke_at: float | None = None
        self._noted: frozenset[str] = frozenset()

    def __call__(self, go_on: GoOn) -> None:
        standing = list(self._troubles())
        news = self._told.look(standing)
        if not (self._told.loaded or time.monotonic() > self._without_memory_at):
            return
        silent = math.inf if self._spoke_at is None else time.monotonic() - self._spoke_at
        if not news or silent < _GAP_S:
            return
        now = utc_now()
        sick = {t.key.split(":", 1)[1] for t in standing if t.kind in _OF_CHANNELS}
        ways = destinations(self._config, sick)
        quiet = bool(ways) and all(self._is_quiet(d.channel, now) for d in ways)
        if quiet or (silent < _CALM_GAP_S and not self._told.only_alarms(news)):
            news = self._told.only_alarms(news)
        if news:
            self._tell(news, ways, now, go_on)

    def _tell(self, news: News, ways: list[Destination], now: datetime, go_on: GoOn) -> None:
        troubles = self._told.troubles(news)
        general = self._config.general
        notice = compose_troubles(
            general.name, troubles, general.public_url, now, general.time_zone
        )
        send = partial(self._send, notice, id_of(troubles))
        known = frozenset(news.begun + news.over)
        self._spoke_at = time.monotonic()
        if not known <= self._noted:
            log.warning("%s", layout.sentence(notice))
        if send(ways, go_on) or not self._has_people:
            self._told.tell(news)
            self._noted = frozenset()
            if not ways:
                send(_machines_own(self._config))
            return
        # Nobody has heard it yet: once into the file, and again when a channel works.
        if not known <= self._noted:
            send(_machines_own(self._config))
            self._noted |= known

    @property
    def _has_people(self) -> bool:
        return any(opened.is_way_to_people for opened in self._config.channels.values())

    def _send(
        self,
        notice: Notice,
        notice_id: str,
        ways: Iterable[Destination],
        go_on: GoOn = lambda: True,
    ) -> bool:
        """Whether anybody took it."""
        return [self._sent(notice, notice_id, way, go_on) for way in ways].count(True) > 0

    def _sent(self, notice: Notice, notice_id: str, way: Destination, go_on: GoOn) -> bool:
        opened = self._config.channels[way.channel]
        if opened.channel is None or not go_on():
            return False
        try:
            opened.channel.send(notice, way.recipient, notice_id)
        except SendError as error:
            log.warning("operator not told channel=%s outcome=%s", way.channel, error.outcome)
            return False
        except Exception:
            log.exception("channel %s raised for the operator", way.channel)
            return False
        log.info("operator told channel=%s", way.channel)
        return True

    def _is_quiet(self, channel: str, now: datetime) -> bool:
        local = now.astimezone(self._config.general.time_zone)
        return any(
            channel in quiet.channels and quiet.hours.ends_after(local) is not None
            for quiet in self._config.routes.quiet
        )


def destinations(config: Configuration, sick: Collection[str] = ()) -> list[Destination]:
    """Where the operator is told: the `operator` of routes.yaml; where nothing of that works,
    whatever reaches people, chats before the systems of others. `sick` channels are left out."""
    well = [
        opened
        for name, opened in config.channels.items()
        if opened.status is ChannelStatus.READY and name not in sick
    ]
    names = {opened.name for opened in well}
    own = [way for way in config.routes.operator if way.channel in names]
    people = [opened for opened in well if opened.reaches_people]
    chats = [opened for opened in people if opened.kind not in _MACHINES]
    return own or [Destination(opened.name) for opened in chats or people]


def _machines_own(config: Configuration) -> Iterator[Destination]:
    """Files and logs of this machine."""
    for opened in config.channels.values():
        if _is_file(opened):
            yield Destination(opened.name)


def _is_file(opened: ConfiguredChannel) -> bool:
    return opened.channel is not None and not opened.reaches_people and opened.kind == "file"
