"""The own scorer: right on plain cases, the same whatever the spelling, explained, quick."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import fixed_work_s, grows_no_faster_than_its_input, processor_s

from pipeline.scorers import IRRELEVANT, SCORERS, open_scorer
from pipeline.scorers.linear import OwnScorer
from pipeline.scorers.model_file import SHIPPED, load_model
from pipeline.text.normalise import squeeze

_CHANNELS = st.sampled_from([None, "weibo", "gov_board", "news", "hot_list", "gov_reply", "?"])
_POWER = st.lists(
    st.sampled_from(
        [
            "停电",
            "電壓",
            " ",
            "我们小区",
            "又",
            "！",
            "供电局",
            "没人管",
            "宿舍",
            "１１０ｋｖ",
            "\n",
            "热死了",
            "é",
            "…",
            "㎸",
            "𠀀",
            "变压器",
            "请问",
            "😭",
            "a\u0301",
        ]
    ),
    max_size=40,
).map("".join)


@pytest.fixture(scope="module")
def scorer() -> OwnScorer:
    return OwnScorer.shipped()


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("我们小区又停电了，热死了，打供电所电话没人接，什么时候能来电？", "supply_quality"),
        ("停电两天了，家里老人受不了，求有关部门尽快处理", "supply_quality"),
        ("这个月电费翻了一倍，打95598没人接，太坑了", "billing_service"),
        ("电压突然升高，家里电视冰箱全烧了，供电局不赔", "appliance_damage"),
        ("申请装电表两个月了没人来，供电所一直拖", "meter_renovation"),
    ],
)
def test_a_customer_who_suffers_is_heard(scorer: OwnScorer, text: str, category: str) -> None:
    score = scorer.score(squeeze("", text), "weibo")
    assert score.relevant
    assert score.complaint
    assert score.category == category
    assert score.reasons


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("手机没电了，先不说了", "weibo"),
        ("宿舍十一点就断电，手机都没充", "weibo"),
        ("酒店位置不错，就是晚上停电了一个小时", "review"),
        ("乌克兰多地停电，民众怨声载道", "weibo"),
        ("这场电影太好看了", "weibo"),
        ("记得把水电费交了", "sms"),
    ],
)
def test_other_peoples_electricity_is_not_ours(scorer: OwnScorer, text: str, channel: str) -> None:
    assert not scorer.score(squeeze("", text), channel).complaint


def test_a_repair_told_with_thanks_is_relevant_and_no_complaint(scorer: OwnScorer) -> None:
    score = scorer.score(squeeze("", "终于来电了，感谢冒雨抢修的电力师傅们，辛苦了"), "weibo")
    assert score.relevant
    assert not score.complaint


def _spread(text: str) -> str:
    return " \u3000".join(text) + "\n"


def _wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@given(title=_POWER, text=_POWER, channel=_CHANNELS)
def test_white_space_and_full_width_change_no_assessment(
    title: str, text: str, channel: str | None
) -> None:
    scorer = _shared()
    plain = scorer.score(squeeze(title, text), channel)
    for change in (_spread, _wide):
        if "\u0301" in title + text:
            continue  # white space before a mark takes it from its letter: another text
        other = scorer.score(squeeze(change(title), change(text)), channel)
        assert (other.relevant, other.complaint, other.category) == (
            plain.relevant,
            plain.complaint,
            plain.category,
        )


def test_traditional_characters_change_no_assessment(scorer: OwnScorer) -> None:
    plain = scorer.score(squeeze("", "我们小区又停电了，电压还不稳，变压器老化，没人管"), "weibo")
    other = scorer.score(squeeze("", "我們小區又停電了，電壓還不穩，變壓器老化，沒人管"), "weibo")
    assert (plain.complaint, plain.negativity) == (other.complaint, other.negativity)


@given(title=st.text(max_size=60), text=st.text(max_size=300) | _POWER, channel=_CHANNELS)
def test_any_text_is_assessed_and_spans_lie_inside_it(
    title: str, text: str, channel: str | None
) -> None:
    score = _shared().score(squeeze(title, text), channel)
    assert 0 <= score.relevance <= 1
    assert not score.complaint or score.relevant
    assert (score.negativity is None) == (not score.relevant)
    assert len(score.reasons) <= 6
    for reason in score.reasons:
        if reason.field:
            said = {"title": title, "text": text}[reason.field]
            assert 0 <= reason.start < reason.end <= len(said)
            assert said[reason.start : reason.end] == reason.text


def test_reasons_point_into_the_original_spelling(scorer: OwnScorer) -> None:
    text = "我們小區 又 停 電 了 ！ ！ 熱死了"
    score = scorer.score(squeeze("", text), "weibo")
    assert any("停 電" in r.text for r in score.reasons)
    assert [abs(r.weight) for r in score.reasons] == sorted(
        (abs(r.weight) for r in score.reasons), reverse=True
    )


def test_the_quick_look_for_letters_loses_nothing() -> None:
    quick, slow = OwnScorer.shipped(), OwnScorer(load_model(), prefilter=False)
    words = [
        "停电",
        "停 電",
        "跳閘",
        "變壓器",
        "國 网公司",
        "户表",
        "１０ｋｖ",
        "９５５９８",
        "臺區",
        "增容",
        "拉閘",
    ]
    for word in words:
        text = f"这里{word}，没人管，天天这样"
        assert quick.score(squeeze("", text), "weibo") == slow.score(squeeze("", text), "weibo")
        assert quick.reader.read(squeeze("", text), "weibo") is not None


def test_a_text_without_electricity_costs_nothing_and_says_nothing(scorer: OwnScorer) -> None:
    assert scorer.score(squeeze("今天", "天气真好，去爬山"), "weibo") is IRRELEVANT


def test_cost_is_linear_to_100_000_characters(scorer: OwnScorer) -> None:
    clause = "我们小区又停电了，没人管。"
    texts = {size: squeeze("", clause * (size // len(clause))) for size in (10_000, 100_000)}
    assert grows_no_faster_than_its_input(lambda size: scorer.score(texts[size], "weibo"), 10_000)


def test_two_processes_say_the_same() -> None:
    code = (
        "import json; from pipeline.text.normalise import squeeze;"
        "from pipeline.scorers import open_scorer; s = open_scorer();"
        "x = s.score(squeeze('', '我们村电压低，饭都煮不熟，没人管'), 'gov_board');"
        "print(json.dumps([s.name, x.relevance, x.negativity, [r.weight for r in x.reasons]]))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            cwd=Path(__file__).parents[3],
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
    assert json.loads(said.pop())[0].startswith("own-")


def test_the_model_is_small_and_loads_quickly() -> None:
    assert SHIPPED.stat().st_size < 20_000_000
    assert processor_s(load_model) < 3 * fixed_work_s()


def test_scorers_are_known_by_name() -> None:
    assert list(SCORERS) == ["full", "fast", "snownlp", "keywords+snownlp"]
    with pytest.raises(KeyError, match="有: full, fast, snownlp"):
        open_scorer("nobody")


_KEPT: list[OwnScorer] = []


def _shared() -> OwnScorer:
    """One scorer for the property tests; fixtures of a module and @given do not mix well."""
    if not _KEPT:
        _KEPT.append(OwnScorer.shipped())
    return _KEPT[0]
