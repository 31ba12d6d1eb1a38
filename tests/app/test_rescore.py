"""History assessed again: both assessments kept, a person's word above all, phones in peace."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from app_scene import (
    FIRST,
    NOW,
    OUTAGE,
    OUTAGE_AGAIN,
    TALK,
    all_incidents,
    counts,
    found,
    members,
    reasons,
    the_incident,
    told,
)
from sqlalchemy import Engine, select

from db.engine import read
from db.tables import assessments, versions
from domain.assessments import Category, Correction
from domain.incidents.incident import IncidentState
from gridvoice.handling.acts import close
from gridvoice.handling.corrections import correct
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks import rescore as rescoring
from gridvoice.tasks.timers import follow_up
from pipeline.assess import Assessor
from pipeline.encoder.encoder import HasVectors, NoEncoder
from pipeline.scorers import Score, Scorer
from pipeline.scorers.stages import TwoStages
from pipeline.text.normalise import squeeze

LONG_AGO = NOW - timedelta(days=20)
AFTER = NOW + timedelta(hours=1)


class Deaf:
    """An older model: hears nothing."""

    name = "deaf-1"

    def score(self, title: str, text: str, channel: str | None = None) -> Score:
        return Score(False, 0.1, False, None, None)


def deaf(config: Configuration) -> Configuration:
    return by(config, Deaf())


def by(config: Configuration, scorer: Scorer) -> Configuration:
    one = config.assessing.assessor
    assessor = Assessor(scorer, one.locator, one.severity_rules, one.aspects)
    return dataclasses.replace(
        config, assessing=dataclasses.replace(config.assessing, assessor=assessor)
    )


def rescore(engine: Engine, config: Configuration, limit: int = 200) -> list[rescoring.Batch]:
    since = NOW - timedelta(days=300)
    return list(rescoring.rescore(engine, config, since, lambda: AFTER, limit))


def standing(engine: Engine) -> list[str]:
    with read(engine) as conn:
        statement = select(versions.c.assessed_by).order_by(versions.c.id)
        return list(conn.execute(statement).scalars())


def test_a_complaint_found_late_opens_its_incident_in_silence(
    engine: Engine, config: Configuration
) -> None:
    told(engine, deaf(config), found("1", OUTAGE, at=LONG_AGO), found("2", TALK), now=LONG_AGO)
    assert all_incidents(engine) == []
    (batch,) = rescore(engine, config)
    assert [post.changed for post in batch.posts] == [True, False]
    assert batch.grouped == rescoring.Grouped(opened=1)
    row = the_incident(engine)
    assert [post.key for post in members(engine, row)] == ["1"]
    assert (row.incident.fresh, row.incident.report_no) == (False, 0)
    assert reasons(engine) == []
    own = config.assessing.assessor.scorer.name
    assert standing(engine) == [own, own]
    with read(engine) as conn:
        names = conn.execute(select(assessments.c.scorer)).scalars()
        assert sorted(names) == sorted(["deaf-1", own] * 2)


def test_a_fresh_complaint_found_late_is_told(engine: Engine, config: Configuration) -> None:
    told(engine, deaf(config), found("1", OUTAGE))
    (batch,) = rescore(engine, config)
    assert batch.grouped == rescoring.Grouped(opened=1, alerts=1)
    assert reasons(engine) == [FIRST]


def test_a_second_run_finds_nothing_to_do(engine: Engine, config: Configuration) -> None:
    told(engine, deaf(config), found("1", OUTAGE), found("2", TALK))
    rescore(engine, config)
    before = counts(engine)
    assert rescoring.count(engine, config, NOW - timedelta(days=300)) == 0
    assert rescore(engine, config) == []
    assert counts(engine) == before


def test_a_run_that_was_cut_off_goes_on_where_it_was(
    engine: Engine, config: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    three = [found(str(n), OUTAGE_AGAIN + "。" * n, at=LONG_AGO) for n in range(3)]
    told(engine, deaf(config), *three, now=LONG_AGO)
    steps = rescoring.rescore(engine, config, LONG_AGO, lambda: AFTER, 1)
    next(steps)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rescoring, "group_late", killed)  # within the second batch's transaction
        with pytest.raises(KeyboardInterrupt):
            next(steps)
    assert standing(engine).count("deaf-1") == 2
    rest = rescore(engine, config, 1)
    assert [post.key for batch in rest for post in batch.posts] == ["1", "2"]
    row = the_incident(engine)
    assert row.incident.post_count == len(members(engine, row)) == 3


def test_an_old_post_joins_an_open_incident_without_a_new_report(
    engine: Engine, config: Configuration
) -> None:
    old = NOW - timedelta(days=4)
    told(engine, deaf(config), found("old", OUTAGE_AGAIN, at=old, channel="weibo"), now=old)
    told(engine, config, found("new", OUTAGE))
    assert reasons(engine) == [FIRST]
    (batch,) = rescore(engine, config)
    assert batch.grouped == rescoring.Grouped(joined=1)
    row = the_incident(engine)
    assert (row.incident.post_count, row.incident.report_no) == (2, 1)
    assert follow_up(engine, config, AFTER + timedelta(days=1)) == 0
    assert reasons(engine) == [FIRST]


def test_an_old_post_opens_nothing_that_has_ended(engine: Engine, config: Configuration) -> None:
    old = NOW - timedelta(days=4)
    told(engine, deaf(config), found("old", OUTAGE_AGAIN, at=old), now=old)
    told(engine, config, found("new", OUTAGE))
    close(engine, config, the_incident(engine).incident.number, "张三", "", NOW)
    heard = reasons(engine)
    rescore(engine, config)
    row = all_incidents(engine)[0]
    assert row.incident.state is IncidentState.CLOSED
    assert reasons(engine) == heard


def test_a_persons_word_stands_over_a_newer_model(engine: Engine, config: Configuration) -> None:
    told(engine, deaf(config), found("1", OUTAGE), found("2", TALK))
    correct(engine, config, "board", "1", Correction.IRRELEVANT, None, "张三", NOW)
    (batch,) = rescore(engine, config)
    assert [post.stands for post in batch.posts] == [False, True]
    assert not batch.posts[0].changed
    assert standing(engine)[0] == "person:张三"
    assert all_incidents(engine) == []
    assert rescore(engine, config) == []


def test_an_older_model_put_back_stands_again(engine: Engine, config: Configuration) -> None:
    told(engine, deaf(config), found("1", OUTAGE, at=LONG_AGO), now=LONG_AGO)
    rescore(engine, config)
    (batch,) = rescore(engine, deaf(config))
    assert batch.posts[0].was is not None
    assert batch.posts[0].was.category is Category.SUPPLY_QUALITY
    assert standing(engine) == ["deaf-1"]
    assert len(members(engine, the_incident(engine))) == 1  # what people see is not taken away


def both_stages(config: Configuration) -> TwoStages:
    scorer = config.assessing.assessor.scorer
    assert isinstance(scorer, TwoStages)
    return scorer


def doubtful(config: Configuration) -> str:
    """A text that the first stage is in doubt about."""
    said = (
        "停电了,正常吗",
        "又停电了哈哈哈",
        "家里停电了好热",
        "电表一直闪红灯",
        "变压器响了一晚上",
    )
    for text in said:
        read = both_stages(config).first.read(squeeze("", text), "weibo")
        if read is not None and both_stages(config).doubts(read):
            return text
    raise AssertionError("the model doubts none of these: add one that it does")


def test_the_word_of_either_stage_is_the_present_models(
    engine: Engine, config: Configuration
) -> None:
    maybe = found("2", doubtful(config), channel="weibo")
    told(engine, config, found("1", OUTAGE), maybe, found("3", TALK))
    first, both = config.assessing.assessor.names
    assert standing(engine) == [first, both, first]
    assert rescoring.count(engine, config, NOW - timedelta(days=300)) == 0
    assert rescore(engine, config) == []


def test_a_post_that_the_second_stage_was_not_heard_on_is_read_again(
    engine: Engine, config: Configuration
) -> None:
    def gone() -> HasVectors:
        raise NoEncoder("taken away by this test")

    stages = both_stages(config)
    alone = by(config, TwoStages(stages.first, stages.heads, gone))
    maybe = found("2", doubtful(config), channel="weibo")
    told(engine, alone, found("1", OUTAGE), maybe)
    first, both = config.assessing.assessor.names
    assert standing(engine) == [first, f"{first}+e5?"]
    (batch,) = rescore(engine, config)
    assert [post.key for post in batch.posts] == ["2"]
    assert standing(engine) == [first, both]
    assert rescore(engine, config) == []


def test_what_happened_before_since_is_left_alone(engine: Engine, config: Configuration) -> None:
    told(engine, deaf(config), found("1", OUTAGE, at=LONG_AGO), now=LONG_AGO)
    assert list(rescoring.rescore(engine, config, NOW, lambda: AFTER)) == []
