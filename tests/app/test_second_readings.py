"""Second readings that a batch had no time for: made up for, to the same end as with time."""

from __future__ import annotations

import dataclasses
import shutil
from datetime import timedelta
from pathlib import Path

from app_scene import NOW, OUTAGE, SHOCK, TALK, all_incidents, found, members, take
from sqlalchemy import Engine, select

from db.engine import open_engine, read
from db.tables import assessments, versions
from domain.assessments import Severity
from domain.posts import FoundPost
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks.assess import assess
from gridvoice.tasks.second_readings import LONGEST, SecondReadings
from pipeline.assess import Assessor, PostText
from pipeline.encoder.encoder import HasVectors, NoEncoder
from pipeline.scorers.stages import TwoStages
from pipeline.text.normalise import squeeze

Ends = tuple[list[tuple[str, bool, bool]], set[frozenset[str]]]
PLACES = ("小召乡北寨村", "陈曹乡", "五女店镇")
SAID = (
    "停电了,正常吗", "又停电了哈哈哈", "变压器响了一晚上", "电表一直闪红灯", "电线耷拉着",
    "电费好像多收了", "停电了好热", "电压有点低吧", "电工来过了", "停电通知没看到",
)  # fmt: skip


def stages(config: Configuration) -> TwoStages:
    scorer = config.assessing.assessor.scorer
    assert isinstance(scorer, TwoStages)
    return scorer


def is_doubted(config: Configuration, text: str) -> bool:
    read_first = stages(config).first.read(squeeze("", text), "weibo")
    return read_first is not None and stages(config).doubts(read_first)


def scene(config: Configuration) -> list[FoundPost]:
    """Sure posts and doubtful ones, of which the second stage turns some either way."""
    texts = [f"{place}{said}" for place in PLACES for said in SAID]
    doubted = [t for t in texts if is_doubted(config, t)]
    assert len(doubted) > 10, "the model doubts too few of these: write others"
    posts = [found(f"{n}", t, channel="weibo") for n, t in enumerate(doubted[:24])]
    return [found("sure", OUTAGE), *posts, found("grave", SHOCK), found("talk", TALK)]


def ends(engine: Engine) -> Ends:
    """The standing verdicts, and which posts stand together."""
    with read(engine) as conn:
        statement = (
            select(assessments.c.scorer, assessments.c.relevant, assessments.c.complaint)
            .join(versions, versions.c.id == assessments.c.version_id)
            .where(versions.c.assessed_by == assessments.c.scorer)
            .order_by(versions.c.id)
        )
        verdicts = [tuple(row) for row in conn.execute(statement)]
    groups = {frozenset(p.key for p in members(engine, row)) for row in all_incidents(engine)}
    return verdicts, groups  # type: ignore[return-value]


def first_readings(engine: Engine, config: Configuration, second: int | None) -> None:
    """All of them: a slow machine breaks a batch off."""
    while assess(engine, config, lambda _: NOW, second=second).posts:
        pass


def judged(engine: Engine, config: Configuration, second: int | None) -> Ends:
    first_readings(engine, config, second)
    lane = SecondReadings(engine, config, lambda: NOW)
    while lane.round():
        pass
    return ends(engine)


def test_whatever_time_there_was_the_end_is_the_same(
    tmp_path: Path, sqlite_url: str, config: Configuration
) -> None:
    seen = []
    empty = Path(sqlite_url.removeprefix("sqlite:///"))
    for second in (None, 10, 0):
        store = tmp_path / f"{second}.db"
        shutil.copy(empty, store)
        engine = open_engine(f"sqlite:///{store}")
        take(engine, *scene(config))
        seen.append(judged(engine, config, second))
        engine.dispose()
    assert seen[0] == seen[1] == seen[2]
    names = {name for name, _, _ in seen[0][0]}
    assert names == set(config.assessing.assessor.names)


def doubted_complaint(config: Configuration, grave: bool) -> str:
    """A complaint by its first reading, in doubt, grave or not."""
    said = (
        "变压器响了一晚上", "停电没人管吧", "电压低几天了", "线掉下来有人触电吧", "有人触电了",
        "电线掉地上电死一头牛", "电线着火了", "变压器爆炸着火了", "电线漏电死人了", "电线电死人",
        "高压线断了掉路上", "电杆倒了砸到人了", "触电了送医院了", "漏电电死了人", "触电死人了电线",
    )  # fmt: skip
    for text in (f"{place}{t}" for place in ("", *PLACES) for t in said):
        if is_doubted(config, text):
            row = found("x", text, channel="weibo")
            first = config.assessing.assessor.read(as_text(row), at_once=True).assessment
            if first.complaint and (first.severity >= Severity.ORANGE) == grave:
                return text
    raise AssertionError("the model doubts no such complaint here: write others")


def as_text(post: FoundPost) -> PostText:
    return PostText(post.title, post.text, post.channel, post.region)


def test_a_complaint_in_doubt_waits_for_its_second_reading_but_not_for_long(
    engine: Engine, config: Configuration
) -> None:
    quiet = doubted_complaint(config, grave=False)
    posts = [found(str(n), quiet, channel="weibo") for n in range(2)]
    take(engine, *posts)
    first_readings(engine, config, 0)
    assert all_incidents(engine) == []
    late = NOW + LONGEST + timedelta(seconds=1)
    assert SecondReadings(engine, config, lambda: late).round(limit=1) == 1
    assert {p.key for row in all_incidents(engine) for p in members(engine, row)} >= {"1"}


def test_a_grave_complaint_in_doubt_waits_for_nothing(
    engine: Engine, config: Configuration
) -> None:
    take(engine, found("1", doubted_complaint(config, grave=True), channel="weibo"))
    first_readings(engine, config, 10)
    assert [p.key for row in all_incidents(engine) for p in members(engine, row)] == ["1"]
    assert ends(engine)[0][0][0] == config.assessing.assessor.unheard


def test_without_a_second_stage_nothing_waits_for_it(engine: Engine, config: Configuration) -> None:
    def gone() -> HasVectors:
        raise NoEncoder("taken away by this test")

    one, scorer = config.assessing.assessor, stages(config)
    alone = Assessor(
        TwoStages(scorer.first, scorer.heads, gone), one.locator, one.severity_rules, one.aspects
    )
    without = dataclasses.replace(
        config, assessing=dataclasses.replace(config.assessing, assessor=alone)
    )
    take(engine, found("1", doubted_complaint(config, grave=False), channel="weibo"))
    first_readings(engine, without, 10)
    assert len(all_incidents(engine)) == 1
    assert SecondReadings(engine, without, lambda: NOW).round() == 0
