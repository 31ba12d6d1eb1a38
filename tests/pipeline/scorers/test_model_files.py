"""Model files: the same bytes, the same weights, and a sentence for whatever is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.scorers import concepts
from pipeline.scorers.features import feature_name, feature_number
from pipeline.scorers.model_file import BadModel, load_model
from pipeline.text.normalise import squeezed_spelling


def test_a_model_written_and_read_is_the_same(tmp_path: Path) -> None:
    model = load_model()
    model.save(tmp_path / "own.json")
    again = load_model(tmp_path / "own.json")
    assert again == model
    assert again.name == model.name


@pytest.mark.parametrize("content", ["", "{}", "{}\n{}", '{"format":1}\n{"trained_on":""}', "x\ny"])
def test_a_damaged_file_is_refused_with_what_to_do(tmp_path: Path, content: str) -> None:
    (tmp_path / "own.json").write_text(content, encoding="utf-8")
    with pytest.raises(BadModel, match="gridvoice train"):
        load_model(tmp_path / "own.json")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match="no model there"):
        load_model(tmp_path / "own.json")


def test_every_feature_has_a_name_that_leads_back() -> None:
    count = len(concepts.NAMES)
    for number in (0, count, 2 * count, 3 * count + 1, 3 * count + count * count):
        assert feature_number(feature_name(number)) == number


def test_phrases_of_the_lexicon_are_folded() -> None:
    for phrase in concepts.words():
        assert squeezed_spelling(phrase) == phrase
