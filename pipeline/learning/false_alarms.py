"""Every post of a stream that is flagged as a complaint, with its reasons, for a person to read."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pipeline.learning.labels import read_rows
from pipeline.scorers import Scorer, names_of, open_scorer
from pipeline.text.normalise import squeeze


def flagged(rows: Iterable[dict[str, Any]], scorer: Scorer) -> Iterator[dict[str, Any]]:
    """The posts that `scorer` calls complaints: id, text, why and by which stage."""
    for row in rows:
        score = scorer.score(squeeze(row.get("title") or "", row["text"]), row.get("channel"))
        if score.complaint:
            yield {
                "id": row["id"],
                "set": row.get("source_set"),
                "scorer": score.scorer or scorer.name,
                "negativity": score.negativity,
                "category": score.category,
                "text": row["text"],
                "reasons": [f"{r.rule}「{r.text}」{r.weight:+.2f}" for r in score.reasons],
            }


def main(files: list[str]) -> int:
    """`python -m pipeline.learning.false_alarms [--fast] FILE…`: a JSON line for each flagged post;
    by the first stage alone with `--fast`."""
    scorer = open_scorer("fast" if "--fast" in files else "full")
    files = [name for name in files if name != "--fast"]
    posts = alarms = 0
    for name in files:
        rows = list(read_rows(Path(name)))
        posts += len(rows)
        for found in flagged(rows, scorer):
            alarms += 1
            sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    sys.stderr.write(f"{alarms} of {posts} posts flagged by {names_of(scorer)[-1]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
