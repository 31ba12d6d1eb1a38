"""What we write of the public is for our own eyes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from domain.private_file import keep_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_what_others_may_do_with_our_files_is_taken_from_them(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.touch()
    for before, after in ((0o644, 0o600), (0o640, 0o600), (0o755, 0o700), (0o400, 0o400)):
        path.chmod(before)
        keep_private(path)
        assert mode(path) == after
    tmp_path.chmod(0o751)
    keep_private(tmp_path)
    assert mode(tmp_path) == 0o700
    path.chmod(0o604)
    with path.open() as stream:
        keep_private(stream.fileno())
    assert mode(path) == 0o600
    keep_private(tmp_path / "gone")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    pipe.chmod(0o644)
    keep_private(pipe)
    assert mode(pipe) == 0o644, "whoever shares a pipe with others means to"
