"""What pages are made from: playbooks, sources and places of the configuration, in its zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from console_server import NOW, configuration
from sqlalchemy import Engine

from alerts.notice.playbook import Playbook, TimeLimits
from crawlers.kinds.loading import read_source
from domain.assessments import Category
from domain.trouble import Trouble
from gridvoice.console.shared.context import (
    PlaybookCard,
    SourceCard,
    context_of,
    place_chain,
    playbook_cards,
    source_cards,
)
from pipeline.places.gazetteer import Gazetteer

HOUR = timedelta(hours=1)
SOURCE = """\
name: board
title: 市长信箱
kind: board
channel: gov_board
every: 20s
url: https://a.example/list.html
board: {item: li}
"""


def test_a_playbook_is_shown_with_its_limits_where_it_has_any() -> None:
    plan = Playbook(Category.SUPPLY_QUALITY, "停电", "运检部", ("去看", "去修"), reply="您好")
    limits = TimeLimits(HOUR, 24 * HOUR, timedelta(days=5))
    other = Playbook(Category.LINE_SAFETY, "线路", "运维班", ("看守",), limits=limits)
    assert playbook_cards([plan, other]) == {
        "supply_quality": PlaybookCard("停电", "运检部", ("去看", "去修"), (), "您好"),
        "line_safety": PlaybookCard(
            "线路", "运维班", ("看守",),
            ("1小时内联系客户", "24小时内给出答复", "5天内整改到位"), "",
        ),
    }  # fmt: skip


def test_a_source_is_shown_by_its_title_channel_and_rhythm() -> None:
    source = read_source(SOURCE, "board.yaml")
    slow = replace(source, every=HOUR, channel="weibo")
    found = source_cards({"board": source, "slow": slow})
    assert found["board"].title == "市长信箱"
    assert found["board"].about.endswith(" · 每20秒")
    assert found["slow"].about.endswith(" · 每1小时")
    assert found["slow"].about != found["board"].about
    assert isinstance(found["slow"], SourceCard)


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return configuration().assessing.assessor.locator.gazetteer


def test_a_place_is_shown_with_all_that_holds_it_the_widest_first(gazetteer: Gazetteer) -> None:
    village = next(code for code in gazetteer.by_code if len(code) == 12 and code[:4] == "4110")
    chain = place_chain(gazetteer, village)
    names = [gazetteer.by_code[village[:n]].name for n in (2, 4, 6, 9, 12)]
    assert chain == names
    assert place_chain(gazetteer, village[:6]) == names[:3]
    assert place_chain(gazetteer, village[:6] + "-none") == names[:3]
    assert place_chain(gazetteer, "99") == []


def test_a_context_has_what_the_configuration_says(sqlite_engine: Engine) -> None:
    trouble = Trouble("disk", "满", "清理")
    config = configuration()
    made = context_of(config, sqlite_engine, lambda: [trouble])
    assert made.engine is sqlite_engine
    assert made.config is config
    assert list(made.troubles()) == [trouble]
    assert set(made.playbooks) == {category.value for category in Category}
    assert made.sources == source_cards(config.sources)
    assert made.place_chain("4110")[-1] == "许昌市"
    assert replace(made, clock=lambda: NOW).now.hour == 13
