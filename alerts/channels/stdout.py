"""标准输出: one line an alert, for a terminal, a journal or a container's log."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

from alerts.channel import ChannelSettings, Secrets
from alerts.pace import UNLIMITED
from domain.model import Message, Outcome, Receipt, SendError


class StdoutChannel:
    """Writes `title` and the text's lines in one line to `stream` (stderr unless set)."""

    pace = UNLIMITED
    reaches_people: ClassVar[bool] = False
    drops_repeats: ClassVar[bool] = False

    def __init__(self, settings: ChannelSettings, secrets: Secrets, data_dir: Path) -> None:
        self.name = settings.name
        self._stream = settings.stream

    def send(self, message: Message, recipient: str = "") -> Receipt:
        """Raises SendError (RETRY) where nobody reads any more."""
        line = " / ".join(part for part in message.text.splitlines() if part)
        stream = sys.stdout if self._stream == "stdout" else sys.stderr
        try:
            encoding = getattr(stream, "encoding", None) or "utf-8"
            # A terminal in the C locale must not lose the alert over one character.
            stream.write(line.encode(encoding, "replace").decode(encoding) + "\n")
            stream.flush()
        except (OSError, ValueError) as error:
            raise SendError(Outcome.RETRY, "write", type(error).__name__) from None
        return Receipt("ok", "written")
