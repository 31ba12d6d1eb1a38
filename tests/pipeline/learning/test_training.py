"""Learning: labels in, the same bytes out; folds keep groups apart; a worse model is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.encoder.encoder import WIDTH, Vector
from pipeline.learning import gate
from pipeline.learning.calibrate import without
from pipeline.learning.evaluate import SHIPPED, evaluate
from pipeline.learning.fit import FitSettings, fit
from pipeline.learning.folds import grouped
from pipeline.learning.labels import Example, example, join, read_rows
from pipeline.learning.metrics import ScoredPost, calibration_error, category_accuracy, hits
from pipeline.learning.synthetic import voices
from pipeline.learning.train import train
from pipeline.learning.vectors import Vectors
from pipeline.scorers import open_scorer
from pipeline.scorers.heads import load_heads
from pipeline.scorers.linear import OwnScorer
from pipeline.scorers.model_file import load_model
from pipeline.scorers.score import IRRELEVANT, Score

_FIXED = Path(__file__).parents[2] / "eval" / "fixed.jsonl"
_FLOORS = _FIXED.with_name("floors.json")
_FEW = FitSettings(ngrams=800, bags=2)


def _rows(size: int = 60) -> list[dict[str, object]]:
    """Labelled rows in six groups, from the written voices."""
    said = voices(each=1)
    return [
        {
            "id": f"row-{i}",
            "text": e.text,
            "title": "",
            "channel": e.channel,
            "relevant": e.relevant,
            "complaint": e.complaint,
            "category": e.category,
            "group": f"group-{i % 6}",
        }
        for i, e in enumerate(said[:: len(said) // size][:size])
    ]


def _write(path: Path, rows: list[dict[str, object]]) -> Path:
    lines = (json.dumps(r, ensure_ascii=False) for r in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_voices_are_the_same_every_time_and_marked_synthetic() -> None:
    once = voices(each=2)
    assert once == voices(each=2)
    assert {e.kind for e in once} == {"synthetic"}
    assert len({e.text for e in once}) == len(once)
    assert {e.category for e in once if e.complaint} >= {"line_safety", "temporary_supply"}


class ByDigest:
    """Vectors out of a text's digest: as many as anybody likes in no time."""

    digest = "by digest"

    def vector(self, text: str) -> Vector:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
        return np.random.RandomState(seed).normal(size=WIDTH).astype(np.float32)


@pytest.mark.slow
def test_training_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    data = _write(tmp_path / "rows.jsonl", _rows())
    for out in ("a", "b"):
        train([data], tmp_path / out, vectors=Vectors(ByDigest(), tmp_path))
    for name in ("own.json", "second.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert load_heads(tmp_path / "a" / "second.json").encoder == "by digest"
    model = load_model(tmp_path / "a" / "own.json")
    assert len(model.trained_on) == 60


def test_training_without_a_complaint_says_so(tmp_path: Path) -> None:
    data = _write(tmp_path / "rows.jsonl", [r for r in _rows() if not r["complaint"]])
    with pytest.raises(ValueError, match="nothing to learn"):
        train([data], tmp_path)


def test_labels_by_id_wait_for_their_texts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    label = {"id": "1", "relevant": True, "complaint": True, "category": None, "group": "g"}
    assert join([label], {}) == []
    found = join([{**label, "doubtful": True}], {"1": {"id": "1", "text": "停电", "title": ""}})
    assert (found[0].text, found[0].weight, found[0].picked) == ("停电", 0.3, True)
    data = _write(tmp_path / "rows.jsonl", [label])
    with pytest.raises(ValueError, match="nothing to learn"):
        train([data], tmp_path)
    assert "1 labels left out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"relevant": "yes", "complaint": True}, "'relevant' must be true or false"),
        ({"relevant": True, "complaint": True, "category": "other"}, "is none of"),
    ],
)
def test_a_wrong_label_is_named(row: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        example(row)


def test_folds_keep_groups_whole_and_even() -> None:
    groups = ["a"] * 9 + ["b"] * 5 + ["c"] * 4 + ["d"] * 1
    folds = grouped(groups, 3)
    assert sorted(i for fold in folds for i in fold) == list(range(19))
    held = [{groups[i] for i in fold} for fold in folds]
    assert sum(len(h) for h in held) == 4
    assert max(len(f) for f in folds) == 9
    with pytest.raises(ValueError, match="fewer folds"):
        grouped(["a", "b"], 3)


def _example(key: str, text: str, group: str) -> Example:
    return Example(key, "", text, "weibo", True, True, None, group)


def test_nothing_that_touches_a_fold_stays_in_its_training() -> None:
    held = [_example("1", "停电了", "g1")]
    others = [
        _example("1", "别的", "g2"),
        _example("2", "停 電了", "g2"),
        _example("3", "另外", "g1"),
        _example("4", "跳闸了", "g3"),
    ]
    assert [e.id for e in without(others, held)] == ["4"]


@pytest.mark.slow
def test_evaluation_by_folds_gives_the_contract() -> None:
    report, shipped = evaluate(_rows(), ["fast", SHIPPED], folds=2)
    assert (report["folds"], shipped["folds"]) == (2, 0)
    assert shipped["scorer"] == "shipped"
    assert {"scorer", "n", "trained_on_these", "relevant", "complaint", "category", "ece"} <= set(
        report
    )
    assert report["n"] == 60
    assert report["trained_on_these"] is False
    assert set(report["complaint"]) >= {"p", "r", "f1", "f1_95"}
    assert set(report["category"]) == {"accuracy", "n"}
    assert set(report["by_kind"]) <= {"government", "social"}


def test_a_model_knows_what_it_was_trained_on() -> None:
    examples = [replace(example(r), kind="real") for r in _rows()]
    model = fit(examples, _FEW)
    assert examples[0].hash in model.trained_on
    assert OwnScorer(model).name == model.name


def test_figures_of_a_few_assessments() -> None:
    assert hits([(True, True), (True, False), (False, True)]) == {"p": 0.5, "r": 0.5, "f1": 0.5}
    assert hits([])["f1"] == 0.0
    yes = Score(True, 0.9, True, 0.8, None)
    assessed = [
        ScoredPost(True, True, "line_safety", yes),
        ScoredPost(False, False, None, IRRELEVANT),
    ]
    assert category_accuracy(assessed) == {"accuracy": 0.0, "n": 1}
    assert calibration_error(assessed) == pytest.approx(0.1)


def _fixed() -> list[Example]:
    return [example(r) for r in read_rows(_FIXED)]


def test_the_shipped_model_stands_above_its_floors() -> None:
    gate.check(_fixed(), open_scorer(), gate.load_floors(_FLOORS))


def test_a_worse_model_is_refused_by_name() -> None:
    worse = fit([replace(example(r), kind="real") for r in _rows(12)], _FEW)
    with pytest.raises(gate.BelowFloors, match="complaint_f1"):
        gate.check(_fixed(), OwnScorer(worse), gate.load_floors(_FLOORS))


def test_floors_of_another_set_are_not_used() -> None:
    with pytest.raises(ValueError, match="another set"):
        gate.check(_fixed()[1:], open_scorer(), gate.load_floors(_FLOORS))


def test_floors_rise_and_do_not_fall_unasked(tmp_path: Path) -> None:
    fixed, scorer = _fixed(), open_scorer()
    high = gate.Floors(gate.corpus_digest(fixed), len(fixed), {"complaint_f1": 0.999})
    assert gate.raised(fixed, scorer, high).figures["complaint_f1"] == 0.999
    low = gate.raised(fixed, scorer, high, allow_regression=True)
    assert low.figures["complaint_f1"] < 0.999
    low.save(tmp_path / "floors.json")
    assert gate.load_floors(tmp_path / "floors.json") == low


def test_the_fixed_set_is_not_in_the_training() -> None:
    known = load_model().trained_on
    assert not [e.id for e in _fixed() if e.hash in known]


def test_a_row_without_an_id_was_written_for_training() -> None:
    row = {"text": "又停了", "relevant": True, "complaint": True, "category": None, "kind": "plain"}
    (found,) = join([row], {})
    assert (found.kind, found.group, found.weight) == ("synthetic", "written", 0.6)
    (given,) = join([{**row, "id": "1"}], {})
    assert (given.kind, given.weight) == ("real", 1.0)
