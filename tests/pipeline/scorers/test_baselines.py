"""SnowNLP and the keywords: what everything is measured against."""

from __future__ import annotations

import pytest

from pipeline.scorers import open_scorer
from pipeline.scorers.keywords import find_keyword
from pipeline.text.normalise import squeeze


@pytest.mark.filterwarnings("ignore")
def test_snownlp_calls_anything_negative_a_complaint() -> None:
    scorer = open_scorer("snownlp")
    score = scorer.score(squeeze("", "质量太差了，非常失望，再也不买"), "review")
    assert score.complaint
    assert score.negativity is not None
    assert score.negativity > 0.5
    assert not scorer.score(squeeze("", ""), None).complaint
    assert 0 <= scorer.score(squeeze("", "\U0010ffff\x00"), None).relevance <= 1


@pytest.mark.filterwarnings("ignore")
def test_keywords_gate_the_sentiment() -> None:
    scorer = open_scorer("keywords+snownlp")
    assert not scorer.score(squeeze("", "质量太差了，非常失望"), None).relevant
    assert scorer.score(squeeze("", "停电了，太差了，非常失望"), None).relevant


def test_a_keyword_is_found_in_any_spelling() -> None:
    reason = find_keyword(squeeze("", "又 停　電 了"))
    assert reason is not None
    assert reason.text == "停　電"
