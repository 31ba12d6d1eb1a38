"""One collection of what is wrong: what the rows show, what the store takes, what stands still."""

from __future__ import annotations

import dataclasses
import shutil
import sqlite3
import threading
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from app_scene import NOW, OUTAGE, found
from sqlalchemy import Engine, text

from alerts.channels.opening import ChannelStatus, ConfiguredChannel
from db import set_aside, sources
from db.channel_states import put_channel_state
from db.engine import open_engine, read, write
from db.take_in import take_in
from domain.alerts import ChannelState
from domain.polling import PollOutcome, PollResult
from domain.trouble import Trouble
from gridvoice.health import health as health_module
from gridvoice.health.conditions import Restarted, disk_troubles, people_troubles, task_troubles
from gridvoice.health.health import Health
from gridvoice.health.store_health import store_troubles
from gridvoice.processes import periodic
from gridvoice.processes.periodic import PeriodicTasks
from gridvoice.settings.configuration import Configuration
from gridvoice.settings.general import DiskSettings


def shown(engine: Engine, after: timedelta = timedelta(0)) -> dict[str, Trouble]:
    with read(engine) as conn:
        return {t.key: t for t in store_troubles(conn, NOW + after, {"a": "甲板"})}


def polled(engine: Engine, name: str, result: PollResult, problem: str | None = None) -> None:
    with write(engine) as conn:
        conn.execute(text("update sources set lease_until = null"))
        (row,) = [r for r in sources.due_sources(conn, NOW, "x", 60, 99) if r.name == name]
        outcome = PollOutcome(result, NOW, NOW + timedelta(minutes=5), problem)
        sources.finish_poll(conn, name, row.fence, outcome)
        conn.execute(text("update sources set lease_until = null"))


@pytest.fixture
def with_sources(engine: Engine) -> Engine:
    with write(engine) as conn:
        sources.ensure_sources(conn, ["a", "b"], NOW)
    return engine


# what the rows show


def test_a_store_in_which_all_goes_its_way_shows_nothing(with_sources: Engine) -> None:
    assert shown(with_sources) == {}


def test_a_source_that_fails_is_named_with_when_it_worked_last(with_sources: Engine) -> None:
    polled(with_sources, "a", PollResult.NEW)
    with write(with_sources) as conn:
        conn.execute(text("update sources set next_at = last_success_at where name = 'a'"))
    polled(with_sources, "a", PollResult.FAILED, "HTTP 500，电话 13812345678")
    (trouble,) = shown(with_sources).values()
    assert trouble.key == "source:a"
    assert trouble.line == "信息源读取失败：甲板。"
    assert "上次成功 13:30" in trouble.todo
    assert "HTTP 500" in trouble.todo
    assert "13812345678" not in trouble.todo
    assert trouble.tell_after == timedelta(minutes=30)
    assert not trouble.alarm


def test_one_late_source_is_a_warning_all_late_are_an_alarm(with_sources: Engine) -> None:
    polled(with_sources, "b", PollResult.NEW)
    assert set(shown(with_sources, timedelta(minutes=3))) == {"late:a"}
    everything = shown(with_sources, timedelta(minutes=9))
    assert set(everything) == {"crawl:stopped"}
    assert everything["crawl:stopped"].alarm
    with write(with_sources) as conn:
        sources.due_sources(conn, NOW + timedelta(minutes=9), "x", 60, 99)
    assert shown(with_sources, timedelta(minutes=9)) == {}, "they are being polled"


def test_a_channel_that_is_down_is_an_alarm_one_failure_is_not(engine: Engine) -> None:
    with write(engine) as conn:
        put_channel_state(conn, ChannelState("centre", None, "500 oops", NOW, 1))
    assert shown(engine, timedelta(seconds=30)) == {}
    assert "channel:centre" in shown(engine, timedelta(minutes=3)), "and nothing since"
    with write(engine) as conn:
        put_channel_state(conn, ChannelState("centre", None, "500 oops", NOW, 3))
    trouble = shown(engine)["channel:centre"]
    assert trouble.alarm
    assert "自 13:30 起发不出去（连续失败 3 次）：500 oops" in trouble.what
    assert "gridvoice alerts test centre" in trouble.todo
    with write(engine) as conn:
        put_channel_state(conn, ChannelState("centre", succeeded_at=NOW))
    assert shown(engine) == {}


def test_a_hold_of_years_that_a_wrong_clock_wrote_is_none(engine: Engine) -> None:
    with write(engine) as conn:
        put_channel_state(conn, ChannelState("a", NOW + timedelta(minutes=3), "429"))
        put_channel_state(conn, ChannelState("b", NOW + timedelta(days=9999), "429"))
    assert set(shown(engine)) == {"held:a"}


def test_channels_that_are_configured_no_longer_trouble_nobody(engine: Engine) -> None:
    with write(engine) as conn:
        put_channel_state(conn, ChannelState("old", None, "500", NOW, 9))
    with read(engine) as conn:
        assert store_troubles(conn, NOW, {}, {"centre": "舆情中心"}) == []


def test_posts_that_wait_for_their_assessment_are_an_alarm_after_five_minutes(
    engine: Engine,
) -> None:
    with write(engine) as conn:
        take_in(conn, [found("1", OUTAGE), found("2", OUTAGE + "！")], NOW, b"k")
    assert shown(engine, timedelta(minutes=4)) == {}
    trouble = shown(engine, timedelta(minutes=8))["backlog:assess"]
    assert trouble.alarm
    assert "2 条，最早一条已等 8 分钟" in trouble.what


def test_what_was_set_aside_is_named_by_lane(engine: Engine) -> None:
    with write(engine) as conn:
        for n in range(3):
            set_aside.put(conn, "assess", str(n), f"board/p{n}", "OverflowError", "1", NOW)
        set_aside.put(conn, "something_new", "x", "board/px", "ValueError", "1", NOW)
    everything = shown(engine)
    assert set(everything) == {"aside:assess", "aside:something_new"}
    assert "等 3 条" in everything["aside:assess"].what
    assert everything["aside:assess"].alarm, "it may be a complaint that nobody sees"


# the store itself


@pytest.fixture
def health(sqlite_engine: Engine, config: Configuration) -> Health:
    return Health(sqlite_engine, config)


def keys(health: Health) -> set[str]:
    return {t.key for t in health.troubles()} - {"people"}


def test_a_sound_store_is_ready(health: Health) -> None:
    health.look()
    assert keys(health) == set()
    assert health.is_writable


def test_a_store_of_another_version_is_not_ready(health: Health, sqlite_engine: Engine) -> None:
    with write(sqlite_engine) as conn:
        conn.execute(text("update alembic_version set version_num = '0000'"))
    health.look()
    (trouble,) = [t for t in health.troubles() if t.blocks]
    assert trouble.key == "store:schema"
    assert "gridvoice db upgrade" in trouble.todo


def test_a_store_without_our_tables_is_not_ready(engine: Engine, config: Configuration) -> None:
    with write(engine) as conn:
        conn.execute(text("drop table alembic_version"))
    health = Health(engine, config)
    health.look()
    assert "store:schema" in {t.key for t in health.troubles() if t.blocks}


def test_a_store_that_takes_no_write_is_not_ready_and_ready_again(
    health: Health, sqlite_engine: Engine
) -> None:
    with closing(sqlite3.connect(str(sqlite_engine.url.database))) as other:
        other.execute("BEGIN IMMEDIATE")
        health.look()
        assert keys(health) == set(), "a long transaction is no trouble yet"
        assert not health.is_writable
        health.look()
        assert {t.key for t in health.troubles() if t.blocks} == {"store:write"}
        other.rollback()
    health.look()
    assert keys(health) == set()


def test_a_store_that_is_gone_is_told_and_what_its_rows_showed_stands(
    config: Configuration, sqlite_url: str
) -> None:
    engine = open_engine(sqlite_url)
    with write(engine) as conn:
        put_channel_state(conn, ChannelState("centre", None, "500", NOW, 9))
    health = Health(engine, config)
    health.look()
    assert keys(health) == {"channel:centre"}
    engine.dispose()
    file = Path(str(engine.url.database))
    for path in file.parent.glob(file.name + "*"):
        path.unlink()
    for _ in range(2):
        health.look()
    assert {"channel:centre", "store:write", "store:read"} <= keys(health)
    engine.dispose()


def test_what_cannot_be_looked_at_costs_only_itself_and_is_told(
    health: Health, sqlite_engine: Engine
) -> None:
    with write(sqlite_engine) as conn:
        sources.ensure_sources(conn, ["a"], NOW)
        conn.execute(text("update sources set next_at = 'never', cursor = '{'"))
        put_channel_state(conn, ChannelState("centre", None, "500", NOW, 9))
    for _ in range(2):
        health.look()
    assert keys(health) == {"channel:centre", "look:信息源"}
    assert not any(t.blocks for t in health.troubles())


def test_a_part_of_the_process_that_raises_costs_only_itself(
    sqlite_engine: Engine, config: Configuration
) -> None:
    def fails() -> list[Trouble]:
        raise RuntimeError("a mistake of ours")

    other = Trouble("crawl", "采集进程意外结束。", "请稍候。")
    health = Health(sqlite_engine, config, parts=(fails, lambda: [other]))
    health.look()
    assert keys(health) == {"crawl", "look:进程"}


def test_a_cursor_that_cannot_be_read_hides_no_source(sqlite_engine: Engine) -> None:
    with write(sqlite_engine) as conn:
        sources.ensure_sources(conn, ["a"], NOW)
    polled(sqlite_engine, "a", PollResult.FAILED, "HTTP 500")
    with write(sqlite_engine) as conn:
        conn.execute(text("update sources set cursor = '{'"))
    assert "source:a" in shown(sqlite_engine)


def test_a_look_that_never_ends_is_told_by_its_age(
    health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    health.look()
    assert keys(health) == set()
    monkeypatch.setattr(health_module, "_OLD_AFTER_S", 0.0)
    assert {t.key for t in health.troubles() if t.blocks} == {"health"}


def test_the_nightly_check_stands_until_the_next(
    health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    health.check()
    assert keys(health) == set()
    monkeypatch.setattr("db.engine.check", lambda _: ["第 3 页损坏", "又一处"])
    health.check()
    (trouble,) = [t for t in health.troubles() if t.key == "store:unsound"]
    assert "2 处问题：第 3 页损坏" in trouble.what
    health.look()
    assert "store:unsound" in keys(health)
    monkeypatch.undo()
    health.check()
    assert keys(health) == set()


# around the store


def test_no_way_to_people_is_an_alarm_that_names_what_is_missing(config: Configuration) -> None:
    (trouble,) = people_troubles(config)
    assert trouble.key == "people"
    assert "没有任何通道通到人：舆情中心、企业微信值班群 未配置" in trouble.what
    assert trouble.alarm
    assert not trouble.blocks


def test_one_way_to_people_is_enough_and_a_broken_one_is_named(config: Configuration) -> None:
    ready = ConfiguredChannel("sms", "sms", "短信", ChannelStatus.READY, "", None, True)
    broken = ConfiguredChannel("robot", "wecom", "群", ChannelStatus.BROKEN, "地址有误", None, True)
    good = dataclasses.replace(config, channels={"sms": ready})
    assert people_troubles(good) == []
    both = dataclasses.replace(config, channels={"sms": ready, "robot": broken})
    assert [t.key for t in people_troubles(both)] == ["config:robot"]
    bad = dataclasses.replace(config, channels={"robot": broken})
    assert {t.key for t in people_troubles(bad)} == {"config:robot", "people"}


def test_a_disk_that_is_nearly_full_is_told_once_by_either_limit(tmp_path: Path) -> None:
    usage = shutil.disk_usage(tmp_path)
    free_mb = usage.free // 2**20
    gone = tmp_path / "gone"
    assert disk_troubles([tmp_path, gone], DiskSettings(0, 0.0)) == []
    (trouble,) = disk_troubles([tmp_path, tmp_path / ".."], DiskSettings(free_mb * 2 + 1, 0.0))
    assert trouble.alarm
    assert "MB（" in trouble.what
    assert disk_troubles([tmp_path], DiskSettings(0, 100.0))


def test_a_task_that_stands_still_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periodic, "_STALE_LEAST_S", 0.05)
    tasks, let_go = PeriodicTasks(), threading.Event()
    tasks.add("assess", "研判", 0.001, lambda _: let_go.wait(60))
    tasks.start()
    deadline = time.monotonic() + 20
    while not (found := {t.key: t for t in task_troubles(tasks)}).get("task:assess"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    let_go.set()
    assert found["task:assess"].blocks
    assert "任务“研判”" in found["task:assess"].what
    assert "研判 还没有完成第一轮" in found["start"].what
    while task_troubles(tasks):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("times", "reason", "told"),
    [(0, "", None), (1, "信号 9", False), (1, "no sign of life", True), (3, "退出码 1", True)],
)
def test_a_restart_is_shown_and_told_where_it_matters(
    config: Configuration, times: int, reason: str, told: bool | None
) -> None:
    found = Restarted(times, reason, config.general.time_zone)()
    assert bool(found) is (told is not None)
    for trouble in found:
        assert (trouble.tell_after is not None) is told
        assert "已自动重启" in trouble.what
        assert not trouble.lasts
