"""Labels: what readers said of posts, joined with the posts' texts where those are at hand.

The project keeps its labels by id (`labels/*.jsonl`); the texts stand in the data folder and are
not ours to copy. A row that holds its own text needs no data folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from domain.assessments import Category
from domain.input.jsonl import BadLine, as_object, open_lines
from pipeline.scorers.model_file import text_hash
from pipeline.text.normalise import Squeezed, squeeze


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled post. `kind`: real, synthetic (written for training) or derived (by construction).

    `weight` says how far the label is to be trusted (doubtful ones count less). `picked` posts were
    drawn from a stream by us, rather than given to a reader as a set.
    """

    id: str
    title: str
    text: str
    channel: str | None
    relevant: bool
    complaint: bool
    category: Category | None
    group: str
    kind: str = "real"
    weight: float = 1.0
    picked: bool = False

    @property
    def post(self) -> Squeezed:
        """As scorers read it."""
        return squeeze(self.title, self.text)

    @property
    def hash(self) -> str:
        return text_hash(self.post)


def example(row: dict[str, Any], kind: str = "real", weight: float = 1.0) -> Example:
    """A row of a labels file that holds its text. Raises ValueError naming what is wrong."""
    for key in ("relevant", "complaint"):
        if not isinstance(row.get(key), bool):
            raise ValueError(f"{key!r} must be true or false, not {row.get(key)!r}")
    category = row.get("category")
    if category is not None and category not in list(Category):
        raise ValueError(f"category {category!r} is none of {', '.join(Category)}")
    by_hand = is_written(row)
    return Example(
        id=str(row.get("id", "")),
        title=row.get("title") or "",
        text=row.get("text") or "",
        channel=row.get("channel"),
        relevant=row["relevant"],
        complaint=row["complaint"],
        category=Category(category) if category else None,
        group=str(row.get("group") or row.get("source_set") or ("written" if by_hand else "?")),
        kind="synthetic" if by_hand else kind,
        weight=weight,
    )


def is_written(row: dict[str, Any]) -> bool:
    """Whether a row was written for training: it says so, or has no id, being nobody's post."""
    return bool(row.get("synthetic")) or "id" not in row


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file, gzipped or not. Raises ValueError with file and line."""
    with open_lines(path) as lines:
        for number, line in enumerate(lines, 1):
            if isinstance(line, str) and not line.strip():
                continue
            try:
                yield as_object(line)
            except BadLine as bad:
                raise ValueError(f"{path.name}:{number}: {bad}") from None


POSTS = ("gov_posts.jsonl.gz", "stream_social.jsonl.gz", "stream_weibo_202608.jsonl.gz")
DOUBTFUL_WEIGHT = 0.3
SYNTHETIC_WEIGHT = 0.6
DERIVED_WEIGHT = 0.3


def join(labels: Iterable[dict[str, Any]], posts: dict[str, dict[str, Any]]) -> list[Example]:
    """Labels by id with the texts of `posts`; those whose text is not at hand are left out."""
    found: list[Example] = []
    for label in labels:
        weight = DOUBTFUL_WEIGHT if label.get("doubtful") else 1.0
        if "text" in label:
            weight *= SYNTHETIC_WEIGHT if is_written(label) else 1.0
            found.append(example(label, weight=weight))
            continue
        post = posts.get(str(label["id"]))
        if post is not None and label.get("derived"):
            found.append(_derived(post, label))
        elif post is not None:
            found.append(replace(example({**post, **label}, weight=weight), picked=True))
    return found


def _derived(post: dict[str, Any], label: dict[str, Any]) -> Example:
    """An example by construction; of a reply, its text stands in the post's field `reply`."""
    row = {**post, **label}
    if label["field"] == "reply":
        row.update(id=f"{label['id']}#reply", title="", text=post["reply"], channel="gov_reply")
    else:
        row["id"] = f"{label['id']}#derived"
    return example(row, kind="derived", weight=DERIVED_WEIGHT)
