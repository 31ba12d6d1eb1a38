"""`gridvoice evaluate` and `gridvoice train`: how right the scorers are, and a new model."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from domain.input.found_rows import post_from_row
from domain.input.jsonl import as_object
from gridvoice.cli.assess import open_lines
from gridvoice.cli.options import Unusable, command, data_dir
from gridvoice.cli.output import complain, emit, say, table

T = TypeVar("T")
_DEFAULT_SCORERS = ("full", "fast", "snownlp", "keywords+snownlp")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = command(commands, "evaluate", "在已标注帖文上比较评分器", run)
    parser.add_argument("labels", metavar="LABELS")
    parser.add_argument("--scorer", action="append", metavar="NAME")
    parser.add_argument("--folds", type=int, default=0, metavar="N", help="分组交叉验证的折数")
    parser.add_argument("--group", default="group", metavar="FIELD", help="不得跨折的分组字段")
    trainer = command(commands, "train", "用标注数据重建模型", train)
    trainer.add_argument("labels", nargs="+", metavar="DATA")
    trainer.add_argument("--out", required=True, metavar="DIR")
    trainer.add_argument(
        "--allow-regression", action="store_true", help="固定测试集上变差也写出模型"
    )


def run(args: argparse.Namespace) -> int:
    from gridvoice.benchmarks.local_data import label_folders
    from pipeline.learning.evaluate import SHIPPED, evaluate
    from pipeline.learning.train import open_vectors, own_labels

    rows, bad = read_rows(args.labels, _labelled)
    if not rows:
        raise Unusable(f"{args.labels} 中没有可用的标注行")
    # By folds our scorer is taught anew; the shipped model stands beside it.
    scorers = args.scorer or [*_DEFAULT_SCORERS, *([SHIPPED] if args.folds else [])]
    if args.folds == 1 or args.folds < 0:
        raise Unusable("--folds 须为 2 以上, 或不给")
    extra = own_labels(*label_folders()) if args.folds else ()
    vectors = open_vectors(data_dir(args)) if args.folds else None
    try:
        results = list(evaluate(rows, scorers, args.folds, args.group, extra, vectors))
    except KeyError as unknown:
        raise Unusable(str(unknown.args[0])) from None
    for result in results:
        if args.json:
            emit(result)
    if not args.json:
        _show(results)
    return 1 if bad else 0


def read_rows(name: str, make: Callable[[dict[str, Any]], T]) -> tuple[list[T], int]:
    """What a JSONL file holds, and how many lines were unusable (each complained of). `make` raises
    ValueError for a row that is."""
    made: list[T] = []
    bad = 0
    with open_lines(name) as lines:
        for number, line in enumerate(lines, 1):
            if isinstance(line, str) and not line.strip():
                continue
            try:
                made.append(make(as_object(line)))
            except ValueError as problem:
                bad += 1
                complain(f"{name}:{number}: {problem}")
    return made, bad


def _labelled(row: dict[str, Any]) -> dict[str, Any]:
    """The row, if it can be learnt from or assessed. Raises ValueError naming what is wrong."""
    from pipeline.learning.labels import example

    post_from_row({n: row[n] for n in ("title", "text", "channel") if n in row}, "", key="")
    for name in ("relevant", "complaint"):
        if not isinstance(row.get(name), bool):
            raise ValueError(f"缺少 {name!r}，或它不是 true/false")
    example(row)
    return row


def train(args: argparse.Namespace) -> int:
    from gridvoice.benchmarks.local_data import data_folder, fixed_set
    from pipeline.learning.gate import BelowFloors, check_files
    from pipeline.learning.train import open_vectors
    from pipeline.learning.train import train as rebuild
    from pipeline.scorers import Scorer, names_of

    for name in args.labels:
        if not Path(name).is_file():
            raise Unusable(f"没有文件 {name}")
    beside = fixed_set()

    def gate(scorer: Scorer) -> None:
        if beside is not None:
            check_files(*beside, scorer)

    held = None if args.allow_regression else gate
    try:
        labels = [Path(name) for name in args.labels]
        vectors = open_vectors(data_dir(args))
        taught = rebuild(labels, Path(args.out), data_folder(), held, vectors)
    except BelowFloors as worse:
        complain(f"模型未写出: 在固定测试集上变差 ({worse})")
        complain("请检查新增标注; 确要写出, 请加 --allow-regression")
        return 1
    except ValueError as wrong:
        raise Unusable(str(wrong)) from None
    if beside is None:
        complain("没有固定测试集 (tests/eval): 新模型未经比较")
    name = names_of(taught.scorer())[-1]
    report = {"type": "model", "name": name, "out": args.out}
    emit(report) if args.json else say(f"模型 {name} 已写入 {args.out}")
    return 0


_PARTS = (
    ("by_kind", "类型"),
    ("by_channel", "渠道"),
    ("by_length", "字数"),
    ("by_stage", "判定级"),
)


def _show(results: list[dict[str, Any]]) -> None:
    def cell(part: dict[str, Any]) -> str:
        return f"{part['p']:.3f} / {part['r']:.3f} / {part['f1']:.3f}"

    table(
        ("评分器", "样本", "相关 P/R/F1", "投诉 P/R/F1", "类别准确率", "ECE", "帖/秒"),
        [
            (
                r["scorer"] + (" (训练集!)" if r["trained_on_these"] else ""),
                str(r["n"]),
                cell(r["relevant"]),
                cell(r["complaint"]),
                "-" if r["category"]["accuracy"] is None else f"{r['category']['accuracy']:.3f}",
                "-" if r["ece"] is None else f"{r['ece']:.3f}",
                f"{r['posts_per_s']:.0f}",
            )
            for r in results
        ],
    )
    for r in results:
        say(f"\n{r['scorer']} 分项:")
        table(
            ("分项", "样本", "投诉", "相关 F1", "投诉 P/R/F1", "F1 的 95% 区间"),
            [
                (
                    f"{title} {name}",
                    str(part["n"]),
                    str(part["complaints"]),
                    f"{part['relevant_f1']:.3f}",
                    cell(part["complaint"]),
                    "{:.3f}–{:.3f}".format(*part["complaint_f1_95"]),
                )
                for key, title in _PARTS
                for name, part in r[key].items()
            ],
        )
