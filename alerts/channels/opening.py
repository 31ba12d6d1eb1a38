"""config/channels.yaml, and the channels as they stand after start-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar

from alerts.channel import UNLIMITED, Channel, ChannelSettings, RateLimit
from alerts.channels import CHANNELS
from alerts.channels.base import HttpSettings
from alerts.notice.notice import Notice
from alerts.sending.secrets import BadChannel, NotConfigured, Secrets
from domain.alerts import Outcome, Receipt, SendError
from domain.input.shapes import Tagged


def _shapes() -> dict[str, type[ChannelSettings]]:
    return {name: kind.Settings for name, kind in CHANNELS.items()}


@dataclass(frozen=True, slots=True)
class Channels:
    """config/channels.yaml: each entry is a record of its kind's own."""

    channels: tuple[Annotated[ChannelSettings, Tagged("kind", _shapes)], ...]

    def problems(self) -> Iterator[tuple[str, str]]:
        names = [c.name for c in self.channels]
        for name in sorted({n for n in names if names.count(n) > 1}):
            yield "channels", f"{name!r} 重名"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.channels)


class ChannelStatus(StrEnum):
    """Whether a channel can be used."""

    READY = "ready"
    NOT_CONFIGURED = "not_configured"
    BROKEN = "broken"

    @property
    def label(self) -> str:
        return {"ready": "可用", "not_configured": "未配置", "broken": "配置有误"}[self.value]


@dataclass(frozen=True, slots=True)
class ConfiguredChannel:
    """A channel after start-up: usable, not configured, or broken with the reason and mend."""

    name: str
    kind: str
    title: str
    status: ChannelStatus
    problem: str = ""
    channel: Channel | None = None
    reaches_people: bool = False

    @property
    def is_way_to_people(self) -> bool:
        """Whether it can be used now and what it sends comes to people."""
        return self.reaches_people and self.status is ChannelStatus.READY


class Broken:
    """Stands in for a channel that cannot work, so that its deliveries fail by name."""

    rate: ClassVar[RateLimit] = UNLIMITED
    reaches_people: ClassVar[bool] = False
    drops_repeats: ClassVar[bool] = True

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        self._problem = problem

    def send(self, notice: Notice, recipient: str, delivery_id: str) -> Receipt:
        """Raises SendError (BAD_CONFIG), always."""
        raise SendError(Outcome.BAD_CONFIG, "config", self._problem)


def open_channels(
    settings: Channels, environ: Mapping[str, str], data_dir: Path, config_dir: Path
) -> dict[str, ConfiguredChannel]:
    """Every channel of channels.yaml by name, in its order. Never raises for a bad channel:
    one that is not configured has no `channel`, a broken one has one that refuses."""
    return {entry.name: _open(entry, environ, data_dir, config_dir) for entry in settings.channels}


def _open(
    entry: ChannelSettings, environ: Mapping[str, str], data_dir: Path, config_dir: Path
) -> ConfiguredChannel:
    kind = CHANNELS[entry.kind]
    status, problem = ChannelStatus.READY, ""
    channel: Channel | None = None
    try:
        secrets = Secrets()
        if isinstance(entry, HttpSettings):
            secrets = entry.secrets(environ, config_dir)
        channel = kind(entry, secrets, data_dir)
    except NotConfigured as error:
        status, problem = ChannelStatus.NOT_CONFIGURED, str(error)
    except BadChannel as error:
        status, problem = ChannelStatus.BROKEN, str(error)
        channel = Broken(entry.name, problem)
    title = entry.title or entry.name
    return ConfiguredChannel(
        entry.name, entry.kind, title, status, problem, channel, kind.reaches_people
    )
