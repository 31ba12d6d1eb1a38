"""文件: one JSON object a line, on disk before it counts as delivered."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from alerts.channel import UNLIMITED, ChannelSettings, RateLimit
from alerts.channels.webhook import payload_of
from alerts.notice import layout
from alerts.notice.notice import Notice
from alerts.sending.secrets import Secrets
from domain.alerts import Outcome, Receipt, SendError
from domain.clock import iso, utc_now
from domain.private_file import keep_private
from domain.trouble import os_trouble

try:
    import fcntl
except ImportError:  # native Windows has no advisory locks; one process writes there
    fcntl = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class FileSettings(ChannelSettings):
    """`path` is relative to the data folder."""

    path: Path = Path("alerts.jsonl")


class FileChannel:
    """Appends `{"delivery","at","channel","recipient","resend","title","text","payload"}`, the
    last as the webhook has it."""

    Settings: ClassVar[type[ChannelSettings]] = FileSettings
    rate: ClassVar[RateLimit] = UNLIMITED
    reaches_people: ClassVar[bool] = False
    drops_repeats: ClassVar[bool] = False

    def __init__(
        self,
        settings: FileSettings,
        secrets: Secrets,
        data_dir: Path,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = settings.name
        self._path = data_dir / settings.path
        self._clock = clock

    def send(self, notice: Notice, recipient: str, delivery_id: str) -> Receipt:
        """Raises SendError (RETRY) where the disk refuses."""
        entry = {
            "delivery": delivery_id,
            "at": iso(self._clock()),
            "channel": self.name,
            "recipient": recipient,
            "resend": notice.resend,
            "title": layout.title(notice),
            "text": layout.text(notice),
            "payload": payload_of(notice),
        }
        line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        try:
            size = self._append(line)
        except OSError as error:
            said = f"{self._path.name}：{os_trouble(error)}"
            raise SendError(Outcome.RETRY, "write", said) from None
        return Receipt("ok", f"{len(line)} bytes at {size}")

    def _append(self, line: bytes) -> int:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as opened:
            keep_private(descriptor)
            if fcntl is not None:
                fcntl.flock(opened, fcntl.LOCK_EX)
            size = opened.seek(0, os.SEEK_END)
            if size:
                opened.seek(size - 1)
                if opened.read(1) != b"\n":
                    # A writer died in the middle of a line; ours must not be glued to it.
                    line = b"\n" + line
            try:
                if opened.write(line) != len(line):
                    raise OSError(errno.ENOSPC, "")
                os.fsync(opened.fileno())
            except OSError:
                # Half a line would hide the whole one that the retry writes.
                opened.truncate(size)
                raise
            if not size:
                _sync_folder(self._path.parent)
        return size


def _sync_folder(folder: Path) -> None:
    """Makes a new file's name durable; without it a power cut may lose the file itself."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
