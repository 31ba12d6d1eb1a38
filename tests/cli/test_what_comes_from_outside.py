"""What a stranger wrote neither acts on the reader's terminal nor leaves unmasked nor lies open.

Real commands over a real store; once on a real terminal.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Gridvoice

from gridvoice.cli.output import as_json_line

HERE = "许昌市建安区"
# Clears the screen, retitles the window, turns the line round, hides a letter, overwrites the line.
ACTS = "\x1b[2J\x1b]0;改标题\x07\u202e\u200b\x9b31m\r\x08\x7f\u2028\u2066"
PHONE, DOOR, LETTER = "138 1234 5678", "3-2-501", "zhang＠qq.com"
HOSTILE = {
    "id": f"v{ACTS}1", "channel": f"微博{ACTS}", "region": HERE,
    "title": f"小召乡北寨村停电三天没人管{ACTS}\n20261127-999  特别重大",
    "text": f"小召乡北寨村停电三天没人管{ACTS}，请供电所尽快解决\n2026-03-02 伪造一行，"
            f"电话{PHONE}，{LETTER}，{DOOR}",
    "url": "http://user:pass@evil.example/p?id=7&tel=13812345678",
    "published_at": "2026-03-02 08:00",
}  # fmt: skip
PRIVATE = ("13812345678", PHONE, "1234 5678", DOOR, "zhang", "user:pass")

Jsonl = Callable[..., Path]


def acting(text: str) -> set[str]:
    """The characters of printed lines that a terminal would not simply draw."""
    return {
        c
        for c in text.replace("\n", "")
        if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn")
    }


@pytest.fixture
def number(gridvoice: Gridvoice, jsonl: Jsonl) -> str:
    assert gridvoice("replay", jsonl(HOSTILE), "--source", "r", "--json").code == 0
    return str(gridvoice("incidents", "list", "--json").row["number"])


def test_nothing_that_a_post_holds_acts_on_a_terminal_or_leaves_unmasked(
    gridvoice: Gridvoice, number: str, jsonl: Jsonl
) -> None:
    file = jsonl(HOSTILE, name="again.jsonl")
    for words in (
        ("search", "停电"),
        ("incidents", "list", "--posts"),
        ("incidents", "show", number),
        ("alerts", "list"),
        ("assess", file),
        ("sources", "list"),
    ):
        for said in (gridvoice(*words), gridvoice(*words, "--json")):
            assert said.code == 0
            assert not acting(said.out + said.err), said
            lines = said.out.splitlines()
            assert not any(line.startswith(("20261127-999", "2026-03-02 伪造")) for line in lines)
            for private in PRIVATE:
                assert private not in said.out


def test_search_finds_by_what_it_does_not_show_and_its_spans_hold(
    gridvoice: Gridvoice, number: str
) -> None:
    row = gridvoice("search", '"138 1234 5678" 停电三天', "--json").row
    assert len(row["title"]) == len(HOSTILE["title"])
    assert len(row["text"]) == len(HOSTILE["text"])
    assert row["url"] == "http://evil.example/p?id=7&tel=***"
    pointed = {(s["field"], row[s["field"]][s["start"] : s["end"]]) for s in row["spans"]}
    assert pointed == {("title", "停电三天"), ("text", "停电三天"), ("text", "138******5678")}


def test_json_says_what_was_there(gridvoice: Gridvoice, number: str) -> None:
    row = gridvoice("search", "停电", "--json").row
    assert row["id"] == HOSTILE["id"]
    assert row["title"] == HOSTILE["title"]


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("停电 3 天，①「好」", '{"a": "停电 3 天，①「好」"}'),
        ("\x1b\x7f\x9b", r'{"a": "\u001b\u007f\u009b"}'),
        ("\u202e\u200b\u2028\ufeff\ud800", r'{"a": "\u202e\u200b\u2028\ufeff\ud800"}'),
        ("\U000e0041", r'{"a": "\udb40\udc41"}'),
    ],
)
def test_json_spells_what_cannot_be_drawn(value: str, line: str) -> None:
    assert as_json_line({"a": value}) == line
    assert json.loads(line) == {"a": value}


def test_what_a_call_quotes_is_harmless(bare: Gridvoice, gridvoice: Gridvoice) -> None:
    wrong = f"没有{ACTS}\ngridvoice: 数据库完好"
    for said in (
        gridvoice("incidents", "show", wrong),
        gridvoice("assess", wrong),
        gridvoice("sources", "check", wrong),
        gridvoice("search", "停电", "--since", wrong),
        gridvoice("alerts", "test", wrong),
        gridvoice("correct", f"r/{wrong}", "--complaint", "--who", "李四"),
        bare("sources", "list", "--config", wrong),
        bare("search", "停电", wrong),
    ):
        assert said.code == 2, said
        assert not acting(said.err), said
        assert "gridvoice: 数据库完好" not in said.err.splitlines()


def test_a_saved_page_and_a_file_name_are_harmless_too(
    gridvoice: Gridvoice, own_config: Path, tmp_path: Path
) -> None:
    source = tmp_path / "board.yaml"
    source.write_text(
        "name: board\ntitle: 板\nkind: feed\nchannel: news\nregion: 许昌市\n"
        "every: 10m\nurl: http://127.0.0.1:9/f\n",
        encoding="utf-8",
    )
    page = tmp_path / "页\x1b[2J.xml"
    page.write_text(
        "<rss version='2.0'><channel><title>t</title><item>"
        "<title>停电&#x202e;&#x9b;31m 138 1234 5678</title>"
        "<link>http://u:p@x.example/?tel=13812345678</link><guid>g&#x200b;1</guid></item>"
        "</channel></rss>",
        encoding="utf-8",
    )
    for more in ((), ("--json",)):
        said = gridvoice("sources", "check", source, "--saved", page, *more)
        assert said.code == 0, said
        assert "停电" in said.out
        assert not acting(said.out)
        assert "1234 5678" not in said.out
        assert "tel=138" not in said.out


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="terminals and modes of files are of Unix")
def test_on_a_real_terminal_and_with_an_open_umask(
    shipped_config: Path, tmp_path: Path, jsonl: Jsonl
) -> None:
    data = tmp_path / "数据"
    where = ("--config", str(shipped_config), "--data", str(data))
    command = [sys.executable, "-P", "-m", "gridvoice.cli.main"]

    def call(*words: str) -> bytes:
        import pty

        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*command, *words, *where], stdin=theirs, stdout=theirs, stderr=theirs, umask=0o022
        )
        os.close(theirs)
        heard = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux says so where the other end is closed
                piece = b""
            if not piece:
                break
            heard += piece
        os.close(ours)
        assert process.wait(120) == 0, heard
        return heard

    def open_to_others() -> list[str]:
        """What others may read of what we made."""
        found = [data, *data.rglob("*")]
        return [f.name for f in found if f.exists() and stat.S_IMODE(f.stat().st_mode) & 0o077]

    call("replay", str(jsonl(HOSTILE)), "--source", "r")
    heard = call("search", "停电") + call("incidents", "list")
    shown = heard.replace(b"\r\n", b"\n").decode()
    assert "停电三天" in shown
    assert not acting(shown)
    assert (data / "alerts.jsonl").is_file()
    assert open_to_others() == []
    for file in data.iterdir():
        file.chmod(0o644)
    data.chmod(0o755)
    again = {**HOSTILE, "id": "2", "text": "张潘镇门道张村停电两天了没人管，投诉无门", "title": ""}
    call("replay", str(jsonl(again)), "--source", "r")
    assert open_to_others() == []
    labels = tmp_path / "labels.jsonl"
    labels.touch(0o644)
    labels.chmod(0o644)
    call("correct", "r/2", "--complaint", "--who", "李四")
    call("correct", "--export", str(labels))
    assert stat.S_IMODE(labels.stat().st_mode) == 0o600
