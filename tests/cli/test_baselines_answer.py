"""SnowNLP, alone and behind the keywords: what everything is measured against. All that loads it is
in this one file: its tables take four seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Gridvoice
from test_assess_command import KEYS, OUTAGE

from pipeline.scorers import open_scorer
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


@pytest.mark.parametrize("scorer", ["snownlp", "keywords+snownlp"])
def test_another_scorer_answers_in_the_same_shape(
    gridvoice: Gridvoice, jsonl: Callable[..., Path], scorer: str
) -> None:
    row = gridvoice("assess", "--json", "--scorer", scorer, jsonl(OUTAGE)).row
    assert list(row) == KEYS
    assert row["scorer"].startswith(scorer)
