"""What a text does not say is neither counted nor shown: denied, asked, cut out of another word."""

from __future__ import annotations

import pytest

from pipeline.scorers import concepts
from pipeline.scorers.features import Reader
from pipeline.scorers.linear import OwnScorer
from pipeline.scorers.reasons import is_word
from pipeline.text.normalise import squeeze

READER = Reader()


def said(text: str) -> set[tuple[str, str]]:
    """(concept, phrase) of a text."""
    reading = READER.read(squeeze("", text), "weibo")
    assert reading is not None
    return {
        (concepts.NAMES[n], reading.text[a:b]) for a, b, ns, _ in reading.text_spoken for n in ns
    }


@pytest.mark.parametrize(
    ("text", "concept", "phrase", "there"),
    [
        ("今天停电", "outage", "停电", True),
        ("今天没有停电", "outage", "停电", False),
        ("从来不停电", "outage", "停电", False),
        ("你们有没有停电", "outage", "停电", True),
        ("动不动跳闸，电压低", "trip", "跳闸", True),
        ("停电到现在还没修好", "resolved", "修好", False),
        ("已经恢复供电", "restored", "恢复供电", True),
        ("未恢复供电", "restored", "恢复供电", False),
        ("停电没有人管", "request", "有人管", False),
        ("停电，到底有人管吗", "request", "有人管", True),
        ("广电网络公司，电话占线，供电正常", "grid", "电网", False),
        ("电网公司", "grid", "电网", True),
        ("停电后住户表示不满", "meter", "户表", False),
        ("申请户表，没供电", "meter", "户表", True),
    ],
)
def test_a_phrase_counts_where_it_is_said(
    text: str, concept: str, phrase: str, there: bool
) -> None:
    assert ((concept, phrase) in said(text)) is there


@pytest.mark.parametrize(
    ("gram", "word"),
    [("变压器", True), ("没人", False), (",电", False), ("等等等", False), ("的电", False),
     ("用电", True), ("电", False), ("8月", False), ("有人管", False)],
)  # fmt: skip
def test_fragments_are_no_words(gram: str, word: bool) -> None:
    assert is_word(gram) is word


def test_grounds_are_words_and_never_the_opposite() -> None:
    scorer = OwnScorer.shipped()
    texts = [
        "我们村停电三天没有人管，等等等，电话打了八遍，没人接，电费一分没少交",
        "广电网络说没停电，可是我家没有供电，变压器坏了也没人修好",
        "停电了，没有来电，没修好，没有人管，物业说不归他们管",
    ]
    for text in texts:
        reasons = scorer.score(squeeze("", text), "weibo").reasons
        assert reasons
        for reason in reasons:
            assert reason.rule != "用语" or is_word(reason.text)
            assert not set(reason.text) & set("，。等！")
            if reason.rule in ("来电", "已经解决"):
                assert text[reason.start - 1] not in "没不未有"
