"""A log line is one line, acts on no terminal and shows nobody's number."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from db.engine import read
from gridvoice.processes.logs import set_up


@pytest.fixture
def logging_as_the_service_does() -> Iterator[None]:
    """Gives the root logger back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("logging_as_the_service_does")
def test_what_a_record_quotes_stays_in_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up()
    log = logging.getLogger("gridvoice.test")
    log.error("source=%s failed", "a\x1b[2J\u202e\n2026-11-27T03:10:00.000+08:00 INFO gridvoice ok")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("ok failed")
    assert not set(line) & set("\x1b\u202e")


@pytest.mark.usefixtures("logging_as_the_service_does")
def test_an_exception_that_quotes_a_post_is_logged_masked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up()
    try:
        raise ValueError("cannot read 停电，电话138 1234 5678\x1b]0;x\x07")
    except ValueError:
        logging.getLogger("gridvoice.test").exception("assess failed")
    said = capsys.readouterr().err
    assert "ValueError: cannot read 停电，电话138******5678" in said
    assert not set(said) & set("\x1b\x07")


def test_an_error_of_the_store_does_not_show_what_was_to_be_stored(engine: Engine) -> None:
    with pytest.raises(DBAPIError) as failed, read(engine) as conn:
        conn.execute(text("select :title from nowhere"), {"title": "电话13812345678"})
    assert "13812345678" not in str(failed.value)
