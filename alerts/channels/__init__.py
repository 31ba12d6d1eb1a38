"""The kinds of alert channel. A new kind is one module here and one line in CHANNELS."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from alerts.channel import Channel, ChannelSettings
from alerts.channels.file import FileChannel
from alerts.channels.stdout import StdoutChannel
from alerts.channels.webhook import WebhookChannel
from alerts.channels.wecom import WeComChannel
from alerts.sending.secrets import Secrets


class ChannelKind(Protocol):
    """What makes a channel of one kind: its entry in channels.yaml is a `Settings`."""

    @property
    def Settings(self) -> type[ChannelSettings]: ...

    @property
    def reaches_people(self) -> bool: ...

    def __call__(self, settings: Any, secrets: Secrets, data_dir: Path) -> Channel:
        """`settings` are of the kind's own. Raises BadChannel."""
        ...


CHANNELS: dict[str, ChannelKind] = {
    "webhook": WebhookChannel,
    "wecom": WeComChannel,
    "file": FileChannel,
    "stdout": StdoutChannel,
}
