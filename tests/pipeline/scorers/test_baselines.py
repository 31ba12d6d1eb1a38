"""The keywords; SnowNLP, the other baseline, is met in cli/test_baselines_answer.py."""

from __future__ import annotations

from pipeline.scorers.keywords import find_keyword
from pipeline.text.normalise import squeeze


def test_a_keyword_is_found_in_any_spelling() -> None:
    reason = find_keyword(squeeze("", "又 停　電 了"))
    assert reason is not None
    assert reason.text == "停　電"
