"""`gridvoice train`: labels in, the files of both stages out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pipeline.encoder.encoder import NoEncoder, shipped
from pipeline.learning.calibrate import Taught, fit_calibrated
from pipeline.learning.labels import POSTS, Example, join, read_rows
from pipeline.learning.synthetic import voices
from pipeline.learning.vectors import Vectors
from pipeline.scorers.heads import HEADS_NAME
from pipeline.scorers.score import Scorer

MODEL_NAME = "own.json"
WRITTEN_KINDS = "written_kinds.jsonl"  # written for training, beside the real posts


def train(
    data_paths: Iterable[Path],
    out_dir: Path,
    data_dir: Path | None = None,
    gate: Callable[[Scorer], None] | None = None,
    vectors: Vectors | None = None,
) -> Taught:
    """Fits both stages on the labelled rows of `data_paths` and writes them as `out_dir/own.json`
    and `second.json`; without `vectors` the first alone.

    Rows that hold only an id find their text in the posts of `data_dir`. Files and folders (their
    `*.jsonl`) are taken by name. `gate` may raise: then nothing is written. Raises ValueError for a
    bad row, or when no row is left.
    """
    examples = read_labelled(_in_order(data_paths), data_dir)
    if not any(e.complaint for e in examples):
        raise ValueError("no labelled complaint with its text in the data given; nothing to learn")
    taught = fit_calibrated([*examples, *voices()], vectors=vectors)
    if gate is not None:
        gate(taught.scorer(vectors))
    taught.model.save(out_dir / MODEL_NAME)
    if taught.heads is not None:
        taught.heads.save(out_dir / HEADS_NAME)
    return taught


def open_vectors(folder: Path | None) -> Vectors | None:
    """What reads texts for the second stage, keeping what it read in `folder`; None, with a word
    on standard error, where the encoder cannot be used."""
    try:
        return Vectors(shipped(), folder)
    except NoEncoder as missing:
        sys.stderr.write(f"the second stage is left out: {missing}\n")
        return None


def _in_order(paths: Iterable[Path]) -> list[Path]:
    """By name, wherever they lie, so that the same files give the same model from any folder."""
    return sorted(_files(paths), key=lambda p: p.name)


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        found.extend(sorted(path.glob("*.jsonl")) if path.is_dir() else [path])
    return [p for p in found if not p.name.startswith("second_")]  # the blind second reading


def read_labelled(files: Sequence[Path], data_dir: Path | None) -> list[Example]:
    """The examples of label files, each id once: the first file that holds it wins.

    Says on standard error how many labels were left out because their text is not at hand.
    """
    posts = {}
    if data_dir is not None:
        for name in POSTS:
            if (data_dir / name).exists():
                posts.update({str(r["id"]): r for r in read_rows(data_dir / name)})
    taken: dict[str, Example] = {}
    missing = 0
    for file in files:
        rows = list(read_rows(file))
        found = join(rows, posts)
        missing += len(rows) - len(found)
        for e in found:
            taken.setdefault(e.id or e.hash, e)
    if missing:
        sys.stderr.write(
            f"{missing} labels left out: their posts are not at hand (data folder: {data_dir})\n"
        )
    return list(taken.values())


def own_labels(labels_dir: Path, data_dir: Path | None) -> list[Example]:
    """The project's own labels (and written examples), for evaluation by folds."""
    kinds = [data_dir / WRITTEN_KINDS] if data_dir and (data_dir / WRITTEN_KINDS).is_file() else []
    return [*read_labelled(_in_order([labels_dir, *kinds]), data_dir), *voices()]
