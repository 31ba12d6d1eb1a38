"""A wrong settings file is refused: file, line, field, value, and what would be right."""

# ruff: noqa: E501  (the table reads best one mistake a line)

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from own_config import write_config

from domain.input.load import BadSettings, Problem
from gridvoice.settings.configuration import load

SOURCE = """\
name: town_board
title: 留言板
kind: feed
channel: news
url: https://news.example.com/rss.xml
every: 5m
"""


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = write_config(tmp_path_factory.mktemp("shipped"), places=("41,", "4110"))
    (config / "sources" / "town.yaml").write_text(SOURCE, encoding="utf-8")
    return config


@pytest.fixture
def config(shipped: Path, tmp_path: Path) -> Path:
    shutil.copytree(shipped, tmp_path / "config")
    return tmp_path / "config"


def problems(config: Path) -> list[Problem]:
    with pytest.raises(BadSettings) as refused:
        load(config, config.parent)
    return refused.value.problems


def line_of(path: Path, words: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


# file, what stands there, the mistake, the field, what the message must hold
MISTAKES = [
    ("gridvoice.yaml", "zone: Asia/Shanghai", "zone: Asia/Beijing", "zone", ["Asia/Beijing", "Asia/Shanghai"]),
    ("gridvoice.yaml", "fresh_for: 72h", "fresh_for: 3 days", "fresh_for", ["3 days", "72h"]),
    ("gridvoice.yaml", "port: 0", "port: 99999", "console.port", ["99999", "65535"]),
    ("gridvoice.yaml", "port: 0", "port: '8650'", "console.port", ["8650", "整数"]),
    ("gridvoice.yaml", "host: 127.0.0.1", "host: 0.0.0.0", "console.host", ["0.0.0.0", "127.0.0.1"]),
    ("gridvoice.yaml", "fresh_for:", "fresh_fro:", "fresh_fro", ["fresh_for"]),
    ("gridvoice.yaml", "public_url: http", "public_url: ftp", "public_url", ["ftp", "http"]),
    ("sources/town.yaml", "kind: feed", "kind: fed", "kind", ["fed", "feed"]),
    ("sources/town.yaml", "every: 5m", "every: 5 minutes", "every", ["5 minutes", "5m"]),
    ("sources/town.yaml", "channel: news", "channel: newz", "channel", ["newz", "news"]),
    ("sources/town.yaml", "url: https", "url: file", "url", ["file:", "http"]),
    ("sources/town.yaml", "title: 留言板", "titel: 留言板", "titel", ["title"]),
    ("gridvoice.yaml", "free_mb: 500", "free_mb: -5", "disk.free_mb", ["-5", "500"]),
    ("gridvoice.yaml", "free_percent: 2", "free_percent: 200", "disk.free_percent", ["200", "100"]),
    ("routes.yaml", "threshold: blue", "threshold: bleu", "decide.threshold", ["bleu", "blue"]),
    ("routes.yaml", "red: 0s", "red: 5m", "decide.cool_down", ["red"]),
    ("roster.yaml", "people: []", "people: nobody", "people", ["nobody", "列表"]),
    ("channels.yaml", "kind: wecom", "kind: wecom\n  timeout: 900s", "channels[3].timeout", ["60s"]),
    ("channels.yaml", "kind: wecom", "kind: weixin", "channels[3].kind", ["weixin", "wecom"]),
    ("channels.yaml", "name: file", "name: The File", "channels[0].name", ["The File"]),
    ("incidents.yaml", "returns_within: 30d", "returns_within: month", "returns_within", ["month", "30d"]),
    ("incidents.yaml", "repost: 0.82", "repost: 8.2", "repost", ["8.2", "0 与 1"]),
    ("roster.yaml", "people: []", "people: [{name: 甲, reach: {duty_grp: z}}]", "people.reach", ["duty_grp", "duty_group"]),
    ("incidents.yaml", "same_town:", "same_twon:", "same_twon", ["same_town"]),
    ("severity.yaml", "yellow: 35", "yellow: much", "levels.yellow", ["much", "数字"]),
    ("categories.yaml", "temporary_supply:", "temporary_suply:", "", ["temporary_suply", "temporary_supply"]),
    ("playbooks.yaml", "category: temporary_supply", "category: temporary", "playbooks[0].category", ["temporary"]),
    ("lexicon.yaml", "asides:", "aside:", "aside", ["asides"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "right", "wrong", "field", "words"),
    MISTAKES,
    ids=[f"{file}:{wrong}" for file, _, wrong, _, _ in MISTAKES],
)
def test_a_mistake_is_named_with_file_line_field_value_and_mend(
    config: Path, file: str, right: str, wrong: str, field: str, words: list[str]
) -> None:
    path = config / file
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    found = problems(config)
    named = [p for p in found if p.file == file and (p.field == field or not field)]
    assert named, f"{field} is not named in: {[str(p) for p in found]}"
    shown = str(named[0])
    for word in words:
        assert word in shown
    assert named[0].line == line_of(path, wrong.splitlines()[-1])
    assert shown.startswith(f"{file}:{named[0].line}: ")


def test_yaml_that_cannot_be_read_is_named_by_line(config: Path) -> None:
    path = config / "routes.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nroutes: [\n", encoding="utf-8")
    (problem,) = problems(config)
    assert problem.file == "routes.yaml"
    assert problem.line >= line_of(path, "routes: [")


def test_a_file_in_another_encoding_is_named_by_line(config: Path) -> None:
    path = config / "roster.yaml"
    path.write_bytes(path.read_bytes() + "# 值班表\n".encode("gbk"))
    (problem,) = problems(config)
    assert (problem.file, problem.line) == ("roster.yaml", len(path.read_bytes().splitlines()))
    assert "GBK" in problem.message


def test_a_missing_file_is_named(config: Path) -> None:
    (config / "roster.yaml").unlink()
    assert [p.file for p in problems(config)] == ["roster.yaml"]


def test_the_mistakes_of_all_files_are_told_at_once(config: Path) -> None:
    for name, right, wrong in (
        ("gridvoice.yaml", "fresh_for: 72h", "fresh_for: long"),
        ("incidents.yaml", "returns_within: 30d", "returns_within: month"),
        ("sources/town.yaml", "every: 5m", "every: often"),
    ):
        path = config / name
        path.write_text(path.read_text(encoding="utf-8").replace(right, wrong), encoding="utf-8")
    found = {p.file for p in problems(config)}
    assert found == {"gridvoice.yaml", "incidents.yaml", "sources/town.yaml"}


def test_a_route_to_a_channel_that_is_not_there_names_both_and_those_that_are(
    config: Path,
) -> None:
    path = config / "routes.yaml"
    path.write_text(
        path.read_text("utf-8").replace("channel: centre", "channel: center", 1), "utf-8"
    )
    (problem,) = problems(config)
    assert problem.file == "routes.yaml"
    assert problem.line == line_of(path, "center")
    for word in ("center", "channels.yaml", "centre", "duty_group"):
        assert word in str(problem)


def test_two_sources_of_one_name_are_refused(config: Path) -> None:
    (config / "sources" / "twin.yaml").write_text(SOURCE, encoding="utf-8")
    (problem,) = problems(config)
    assert problem.file == "sources/twin.yaml"
    assert "town_board" in str(problem)


def test_the_shipped_configuration_is_right_and_a_source_may_be_switched_off(config: Path) -> None:
    path = config / "sources" / "town.yaml"
    path.write_text(SOURCE + "enabled: false\n", encoding="utf-8")
    loaded = load(config, config.parent)
    assert list(loaded.sources) == ["town_board"]
    assert loaded.enabled_sources == {}


def test_channels_without_their_keys_are_not_configured_and_not_wrong(config: Path) -> None:
    loaded = load(config, config.parent)
    assert {"file"} <= loaded.ready_channels
    assert "duty_group" not in loaded.ready_channels


ROSTER = """\
people:
  - name: 甲
    reach: {duty_group: zhangsan}
  - name: 乙
    reach: {file: yi}
shifts:
  - {name: 全天, who: [甲, 乙]}
"""


def test_somebody_on_duty_whom_no_channel_names_is_a_mistake(config: Path) -> None:
    path = config / "roster.yaml"
    path.write_text(ROSTER, encoding="utf-8")
    (problem,) = problems(config)
    assert str(problem).startswith(f"roster.yaml:{line_of(path, '乙')}: ")
    assert "'乙'" in str(problem)
    assert "duty_group" in str(problem)
    path.write_text(ROSTER.replace("file: yi", "duty_group: yi"), encoding="utf-8")
    assert load(config, config.parent).roster.in_use


def test_where_routes_name_nobody_no_address_is_asked_for(config: Path) -> None:
    (config / "roster.yaml").write_text(ROSTER, encoding="utf-8")
    path = config / "routes.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("recipient: on_duty", 'recipient: ""'), encoding="utf-8")
    assert load(config, config.parent).roster.in_use
