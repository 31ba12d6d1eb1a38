"""`gridvoice train`: a model that is worse on the fixed set is refused, unless one insists."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Gridvoice

_ROWS = [
    ("小区又停电了，没人管", True, "supply_quality"),
    ("电费乱收，投诉无门", True, "billing_service"),
    ("手机没电了，先不说了", False, None),
    ("电动车续航不错", False, None),
]


@pytest.fixture
def few_labels(tmp_path: Path) -> Path:
    path = tmp_path / "few.jsonl"
    rows = [
        {
            "id": str(i),
            "channel": "weibo",
            "text": f"{text}{i}",
            # Said the wrong way round: what is learnt from it must be worse.
            "relevant": not yes,
            "complaint": not yes,
            "category": None if yes else "supply_quality",
            "group": f"g{i % 7}",
        }
        for i, (text, yes, _) in enumerate(_ROWS * 60)
    ]
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    return path


@pytest.mark.slow
def test_a_worse_model_is_refused_and_not_written(
    gridvoice: Gridvoice, few_labels: Path, tmp_path: Path
) -> None:
    out = tmp_path / "model"
    done = gridvoice("train", str(few_labels), "--out", str(out))
    assert done.code == 1
    assert "在固定测试集上变差" in done.err
    assert "--allow-regression" in done.err
    assert not (out / "own.json").exists()
    done = gridvoice("train", str(few_labels), "--out", str(out), "--allow-regression")
    assert done.code == 0, done.err
    assert (out / "own.json").exists()
