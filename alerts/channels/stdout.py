"""标准输出: one line an alert, for a terminal, a journal or a container's log."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from alerts.channel import UNLIMITED, ChannelSettings, RateLimit
from alerts.notice import layout
from alerts.notice.notice import Notice
from alerts.sending.secrets import Secrets
from domain.alerts import Outcome, Receipt, SendError


@dataclass(frozen=True, slots=True)
class StdoutSettings(ChannelSettings):
    stream: str = "stderr"

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from ChannelSettings.problems(self)
        if self.stream not in ("stdout", "stderr"):
            yield "stream", f"没有 {self.stream!r}; 写 stdout 或 stderr"


class StdoutChannel:
    """Writes the text's lines in one line to `stream`."""

    Settings: ClassVar[type[ChannelSettings]] = StdoutSettings
    rate: ClassVar[RateLimit] = UNLIMITED
    reaches_people: ClassVar[bool] = False
    drops_repeats: ClassVar[bool] = False

    def __init__(self, settings: StdoutSettings, secrets: Secrets, data_dir: Path) -> None:
        self.name = settings.name
        self._stream = settings.stream

    def send(self, notice: Notice, recipient: str, delivery_id: str) -> Receipt:
        """Raises SendError (RETRY) where nobody reads any more."""
        line = layout.sentence(notice)
        stream = sys.stdout if self._stream == "stdout" else sys.stderr
        try:
            encoding = getattr(stream, "encoding", None) or "utf-8"
            # A terminal in the C locale must not lose the alert over one character.
            stream.write(line.encode(encoding, "replace").decode(encoding) + "\n")
            stream.flush()
        except (OSError, ValueError) as error:
            raise SendError(Outcome.RETRY, "write", f"写不出去：{type(error).__name__}") from None
        return Receipt("ok", "written")
