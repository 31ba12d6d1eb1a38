"""A disk that is full is told in words, by whatever command meets it."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from gridvoice.cli.main import finished

ROOT = Path(__file__).parents[2]
FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
def test_output_that_finds_the_disk_full_is_told_in_words() -> None:
    with FULL.open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gridvoice.cli.main", "config", "check", "--config", "config"],
            stdout=full, stderr=subprocess.PIPE, cwd=ROOT, timeout=120, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr.decode()) == (2, "gridvoice: 磁盘已满\n")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "out/model.bin"),
            "out/model.bin: 磁盘已满",
        ),
        (OSError(errno.EFBIG, "File too large"), "超出文件大小的限制"),
        (OSError(errno.EROFS, "Read-only file system", "x.csv"), "x.csv: 文件系统只读"),
        (OSError(errno.EMFILE, "Too many open files"), "打开的文件太多"),
    ],
)
def test_what_the_machine_refuses_is_no_traceback(
    error: OSError, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> int:
        raise error

    assert finished(work) == 2
    assert capsys.readouterr().err == f"gridvoice: {said}\n"


def test_another_error_is_not_hidden() -> None:
    def work() -> int:
        raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")

    with pytest.raises(ConnectionRefusedError):
        finished(work)
