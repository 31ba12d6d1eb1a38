"""The file of last resort: whole lines only, whatever happened to the disk or to another writer."""

from __future__ import annotations

import json
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alert_stories import notice

from alerts.channels.file import FileChannel, FileSettings
from alerts.sending.secrets import Secrets
from domain.alerts import Outcome, SendError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "alerts.jsonl"


def channel(path: Path) -> FileChannel:
    return FileChannel(FileSettings("file", "file", path=path), Secrets(), path.parent)


@contextmanager
def full_at(size: int) -> Iterator[None]:
    """No file of this process grows beyond that: the write that reaches it is cut, as on a disk
    that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_message_is_one_line_for_our_own_eyes(path: Path) -> None:
    told = channel(path).send(notice(), "", "dlv_1")
    size = path.stat().st_size
    assert channel(path).send(notice(), "张三", "dlv_2").text.endswith(f"bytes at {size}")
    first, second = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    assert (first["recipient"], second["recipient"]) == ("", "张三")
    assert first["payload"]["number"] == "20261124-007"
    assert told.text.endswith("at 0")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_line_that_another_writer_left_half_is_not_glued_to_ours(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'{"half": ')
    channel(path).send(notice(), "", "dlv_1")
    channel(path).send(notice(), "", "dlv_2")
    half, *whole = path.read_bytes().split(b"\n")
    assert half == b'{"half": '
    assert whole.pop() == b""
    assert len([json.loads(line) for line in whole]) == 2


def test_a_full_disk_leaves_no_half_of_a_line_and_is_tried_again(path: Path) -> None:
    channel(path).send(notice(), "", "dlv_1")
    whole = path.read_bytes()
    with full_at(len(whole) + 10), pytest.raises(SendError) as raised:
        channel(path).send(notice(), "", "dlv_2")
    assert (raised.value.outcome, raised.value.code) == (Outcome.RETRY, "write")
    assert path.name in raised.value.text
    assert path.read_bytes() == whole
    channel(path).send(notice(), "", "dlv_2")
    assert path.read_bytes().count(b"\n") == 2


def test_a_line_that_is_not_on_the_disk_is_taken_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel(path).send(notice(), "", "dlv_1")
    whole = path.read_bytes()

    def fails(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(SendError, match="读写失败"):
        channel(path).send(notice(), "", "dlv_2")
    assert path.read_bytes() == whole
