"""What may lie beside the project: its own labels, and the real posts that it may not ship.

Everything works without them; whoever uses them says so where they are absent.
"""

from __future__ import annotations

import os
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[2]


def data_folder() -> Path | None:
    """The real posts: GRIDVOICE_POSTS, else ../shared/data beside the checkout; None: absent."""
    folder = Path(os.environ.get("GRIDVOICE_POSTS") or _CHECKOUT.parent / "shared" / "data")
    return folder if folder.is_dir() else None


def real_posts() -> Path | None:
    """The file of 8,216 real board posts, where it is there."""
    folder = data_folder()
    path = folder / "gov_posts.jsonl.gz" if folder else None
    return path if path is not None and path.is_file() else None


def ordinary_posts() -> Path | None:
    """The file of 45,291 ordinary posts of one summer, where it is there."""
    folder = data_folder()
    path = folder / "stream_weibo_202608.jsonl.gz" if folder else None
    return path if path is not None and path.is_file() else None


def fixed_set() -> tuple[Path, Path] | None:
    """(the written posts no training sees, the floors of a model on them); None: absent."""
    folder = _CHECKOUT / "tests" / "eval"
    posts, floors = folder / "fixed.jsonl", folder / "floors.json"
    return (posts, floors) if posts.is_file() and floors.is_file() else None


def label_folders() -> tuple[Path, Path | None]:
    """(our labels, the posts that their ids name)."""
    return _CHECKOUT / "labels", data_folder()
