"""Assess: the parts joined; the same post gives the same assessment however it was typed."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.assessments import Area, Assessment, Category, Severity
from pipeline.assess import Assessor, PostText, open_assessor
from pipeline.scorers.score import IRRELEVANT, Score
from pipeline.text.normalise import Squeezed


class SaysOutage:
    """A scorer of one rule: whoever writes 停电 complains of an outage."""

    name = "says-outage"

    def score(self, post: Squeezed, channel: str | None = None) -> Score:
        if "停电" in post.text:
            return Score(True, 0.9, True, 0.8, Category.SUPPLY_QUALITY)
        return IRRELEVANT


@pytest.fixture(scope="module")
def assessor() -> Assessor:
    return open_assessor(Path(__file__).resolve().parents[2] / "config", SaysOutage())


def test_a_complaint_is_rated_located_and_classed(assessor: Assessor) -> None:
    found = assessor.assess(
        PostText("停电求助", "小召乡毛里村三天两头停电，没有通知，我爸靠制氧机", region="建安区")
    )
    assert (found.relevant, found.complaint, found.category) == (
        True,
        True,
        Category.SUPPLY_QUALITY,
    )
    assert {"outage_frequent", "outage_unannounced"} <= set(found.aspects)
    assert (found.severity, found.area, found.station) == (
        Severity.RED,
        Area.INSIDE,
        "小召供电所",
    )
    assert found.place is not None
    assert found.place.name == "毛里居委会"
    assert found.scorer == "says-outage"


def test_what_is_not_relevant_has_an_area_but_no_level_and_no_aspects(assessor: Assessor) -> None:
    found = assessor.assess(PostText("", "许昌县的红薯真甜，孩子触电一样爱上它"))
    assert (found.severity, found.severity_score, found.aspects) == (Severity.NONE, 0.0, ())
    assert (found.negativity, found.category) == (None, None)
    assert found.area is Area.INSIDE


def test_spaces_width_and_traditional_forms_change_no_assessment(
    assessor: Assessor,
) -> None:
    plain = PostText("停电", "建安区小召乡毛里村停电3天，1200户没水，没人管")
    assessment = without_spans(assessor.assess(plain))
    for text in (
        "建安区 小召乡 毛里村 停 电 3 天， 1200户 没水，没 人 管",
        "建安區小召鄉毛里村停電３天，１２００戶沒水，沒人管",
        "建安区小召乡\n毛里村停电\u30003天，\u200b1200户没水，没人管",
    ):
        assert without_spans(assessor.assess(replace(plain, text=text))) == assessment


def without_spans(found: Assessment) -> Assessment:
    return replace(
        found,
        places=tuple(replace(p, start=0, end=0) for p in found.places),
        reasons=tuple(replace(r, start=0, end=0, text="") for r in found.reasons),
    )


PIECES = st.sampled_from(
    [
        "停电",
        "小召乡",
        "許昌縣",
        "毛里村",
        "三天",
        "着火",
        "没有",
        "孩子",
        "裸露",
        "１２０",
        "户",
        "…",
        "ﷺ",
        "🔥",
        "A7县",
        "禹州",
        "，",
        "制氧机",
        "é",
        "\n",
        " ",
        "\ud800",
    ]
)


@given(
    st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=20).map("".join)),
    st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=60).map("".join)),
    st.one_of(st.none(), st.text(max_size=20), st.sampled_from(["建安区", "A7县", "禹州市"])),
)
def test_any_text_gets_the_same_assessment_twice_with_spans_inside_it(
    title: str, text: str, region: str | None
) -> None:
    post = PostText(title, text, region=region)
    assessor = _shared_assessor()
    found = assessor.assess(post)
    assert found == assessor.assess(post)
    for spot in (*found.places, *found.reasons):
        if spot.field:
            original = title if spot.field == "title" else text
            assert 0 <= spot.start < spot.end <= len(original)
    assert found.severity is Severity.NONE or found.complaint
    assert (found.severity is Severity.NONE) == (found.severity_score == 0.0)


_CACHE: list[Assessor] = []


def _shared_assessor() -> Assessor:
    if not _CACHE:
        config = Path(__file__).resolve().parents[2] / "config"
        _CACHE.append(open_assessor(config, SaysOutage()))
    return _CACHE[0]


def test_the_cost_grows_with_the_length_and_no_faster(assessor: Assessor) -> None:
    sentence = "小召乡毛里村停电三天，没有人管，孩子老人都热，禹州都有电。"

    def seconds(characters: int) -> float:
        post = PostText("", (sentence * (characters // len(sentence) + 1))[:characters])
        best = float("inf")
        for _ in range(3):
            start = time.thread_time()
            assessor.assess(post)
            best = min(best, time.thread_time() - start)
        return best

    seconds(1_000)
    short, long = seconds(10_000), seconds(100_000)
    assert long < 25 * short
