"""The kinds of alert channel. A new kind is one module here and one line in CHANNELS."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from alerts.channel import (
    BadChannel,
    Channels,
    ChannelSettings,
    Kind,
    NotConfigured,
    Opened,
    Standing,
    read_secrets_of,
)
from alerts.channels.file import FileChannel
from alerts.channels.stdout import StdoutChannel
from alerts.channels.webhook import WebhookChannel
from alerts.channels.wecom import WeComChannel
from alerts.pace import UNLIMITED
from domain.model import Message, Outcome, Receipt, SendError

CHANNELS: dict[str, Kind] = {
    "webhook": WebhookChannel,
    "wecom": WeComChannel,
    "file": FileChannel,
    "stdout": StdoutChannel,
}


class Broken:
    """Stands in for a channel that cannot work, so that its deliveries fail by name."""

    pace = UNLIMITED
    reaches_people: ClassVar[bool] = False
    drops_repeats: ClassVar[bool] = True

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        self._problem = problem

    def send(self, message: Message, recipient: str = "") -> Receipt:
        """Raises SendError (BAD_CONFIG), always."""
        raise SendError(Outcome.BAD_CONFIG, "config", self._problem)


def open_channels(
    settings: Channels, environ: Mapping[str, str], data_dir: Path, config_dir: Path
) -> dict[str, Opened]:
    """Every channel of channels.yaml by name, in its order. Never raises for a bad channel:
    one that is not configured has no `channel`, a broken one has one that refuses."""
    return {entry.name: _open(entry, environ, data_dir, config_dir) for entry in settings.channels}


def _open(
    settings: ChannelSettings, environ: Mapping[str, str], data_dir: Path, config_dir: Path
) -> Opened:
    name, kind, title = settings.name, settings.kind, settings.title or settings.name
    made_by = CHANNELS.get(kind)
    reaches = made_by is not None and made_by.reaches_people
    try:
        if made_by is None:
            raise BadChannel(f"不认识的 kind：{kind}；可用：{'、'.join(CHANNELS)}")
        secrets = read_secrets_of(settings, environ, config_dir)
        channel = made_by(settings, secrets, data_dir)
    except NotConfigured as error:
        return Opened(name, kind, title, Standing.NOT_CONFIGURED, str(error), None, reaches)
    except BadChannel as error:
        problem = str(error)
        return Opened(name, kind, title, Standing.BROKEN, problem, Broken(name, problem), reaches)
    return Opened(name, kind, title, Standing.READY, "", channel, reaches)
