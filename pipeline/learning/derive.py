"""Labels by construction: what a post is by where it stands, without anybody reading it.

A review is never relevant (labelling guide); a post of a stream that mentions electricity but holds
none of the words that readers were given is not either, unless the model doubts it; an official
reply to a letter about supply is relevant and no complaint. Training only, at a low weight.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.learning.labels import POSTS, read_rows
from pipeline.scorers.linear import OwnScorer
from pipeline.scorers.model_file import text_hash
from pipeline.text.normalise import Squeezed, squeeze

_IRRELEVANT: dict[str, Any] = {"relevant": False, "category": None}
_SURE = 0.3  # the model's relevance below which an unread post passes for irrelevant


def derive(
    posts: Mapping[str, dict[str, Any]],
    labelled: Mapping[str, dict[str, Any]],
    scorer: OwnScorer,
) -> Iterator[dict[str, Any]]:
    """Label rows for `posts` (by id) that nobody read, and for the replies to all.

    `labelled` are the readers' rows by id and by the digest of their text.
    """
    for key, post in sorted(posts.items()):
        group = _group(post)
        title = post.get("title") or ""
        read = squeeze(title, post["text"])
        digest = text_hash(read)
        label = labelled.get(key) or labelled.get(digest)
        if label is None and _passes(scorer, read, post["channel"]):
            label = _IRRELEVANT
            if _speaks(scorer, read, post["channel"]):
                yield _row(key, group, label, field="text")
        reply = post.get("reply")
        if label is None or label.get("doubtful") or not reply:
            continue
        if _speaks(scorer, squeeze("", reply), "gov_reply"):
            yield _row(key, group, label, field="reply")


def _passes(scorer: OwnScorer, post: Squeezed, channel: str) -> bool:
    """Whether an unread post may pass for irrelevant."""
    if channel == "review":
        return True
    return scorer.score(post, channel).relevance < _SURE


def _speaks(scorer: OwnScorer, post: Squeezed, channel: str) -> bool:
    return scorer.reader.read(post, channel) is not None


def _group(post: Mapping[str, Any]) -> str:
    return post.get("source_set") or f"board:{post.get('region') or '?'}".rstrip("县市区")


def _row(key: str, group: str, label: Mapping[str, Any], field: str) -> dict[str, Any]:
    return {
        "id": key,
        "field": field,
        "group": group,
        "relevant": label["relevant"],
        "complaint": False,
        "category": label["category"],
        "derived": True,
    }


def main(data: Path, labels: Path, model: Path | None = None) -> int:
    """`python -m pipeline.learning.derive DATA LABELS`: writes LABELS/derived.jsonl."""
    posts = {str(r["id"]): r for n in POSTS for r in read_rows(data / n)}
    labelled: dict[str, dict[str, Any]] = {}
    rows = [r for name in ("gov.jsonl", "social.jsonl") for r in read_rows(labels / name)]
    for row in [*rows, *read_rows(data / "labelled.jsonl")]:
        text = {**posts.get(str(row["id"]), {}), **row}
        labelled[str(row["id"])] = row
        labelled[text_hash(squeeze(text.get("title") or "", text["text"]))] = row
    with (labels / "derived.jsonl").open("w", encoding="utf-8") as out:
        for row in derive(posts, labelled, OwnScorer.shipped()):
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
