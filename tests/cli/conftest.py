"""Commands run as users run them: arguments in, exit code and two streams out."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import Gridvoice, Said
from own_config import write_config

from gridvoice.cli.main import main


@pytest.fixture(scope="session")
def shipped_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped configuration without sources, without quiet hours. Only to be read."""
    return write_config(tmp_path_factory.mktemp("cli"))


@pytest.fixture
def own_config(tmp_path: Path) -> Path:
    """A configuration to change."""
    return write_config(tmp_path)


@pytest.fixture
def bare(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Gridvoice]:
    """Run `gridvoice` with exactly these arguments, in an environment that says nothing."""
    for name in ("CONFIG", "DATABASE", "DATA", "CENTRE_URL", "CENTRE_SECRET", "WECOM_URL"):
        monkeypatch.delenv(f"GRIDVOICE_{name}", raising=False)
    handlers, level = logging.root.handlers[:], logging.root.level

    def run(*words: object) -> Said:
        capsys.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as ended:  # argparse: --help, a wrong call
            code = ended.code if isinstance(ended.code, int) else 2
        out, err = capsys.readouterr()
        return Said(code, out, err)

    yield run
    logging.root.handlers[:] = handlers  # the command's own would write to a stream that is gone
    logging.root.setLevel(level)


@pytest.fixture
def gridvoice(bare: Gridvoice, shipped_config: Path, sqlite_url: str, tmp_path: Path) -> Gridvoice:
    """Run a command on this test's own store and data folder."""

    def run(*words: object) -> Said:
        data = tmp_path / "data"
        return bare(*words, "--config", shipped_config, "--database", sqlite_url, "--data", data)

    return run


@pytest.fixture
def jsonl(tmp_path: Path) -> Callable[..., Path]:
    """Write rows (or raw lines) to a file."""

    def write(*rows: Any, name: str = "posts.jsonl") -> Path:
        path = tmp_path / name
        lines = [r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in rows]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write
