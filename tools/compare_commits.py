"""Compares what two commits make of the same posts: assessments, groupings, alerts.

    tools/compare_commits.py COMMIT [FILE…]

Runs this checkout and COMMIT side by side over each FILE (JSONL, .gz too) and over the posts of
both demo towns: `assess --json` for the assessments, `replay` into a fresh store of its own, then
`incidents list --json --posts` and the alerts of the file channel. Prints a line a difference and
a count a file; exit 0 when nothing differs, 1 when something does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_SHOWN = 20
# What names one run, not what was concluded in it.
_OF_THE_RUN = {
    "id",
    "at",
    "time",
    "sent_at",
    "delivery",
    "delivery_id",
    "opened_at",
    "known_at",
    "timestamp",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one checkout made of one file."""

    assessments: dict[str, str]
    incidents: dict[str, str]
    alerts: list[str]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("commit")
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args()
    differing = 0
    with tempfile.TemporaryDirectory(prefix="gridvoice-compare-") as name:
        folder = Path(name)
        other = folder / "other"
        subprocess.run(
            ["git", "worktree", "add", "--detach", "--quiet", str(other), options.commit],
            cwd=ROOT, check=True,
        )  # fmt: skip
        try:
            for file in [*_demo_towns(folder), *(f.resolve() for f in options.files)]:
                differing += _compare(folder, other, file)
        finally:
            subprocess.run(
                ["git", "worktree", "remove", "--force", str(other)], cwd=ROOT, check=True
            )
    return 1 if differing else 0


def _compare(folder: Path, other: Path, file: Path) -> int:
    with ThreadPoolExecutor(2) as pool:
        before, after = pool.map(lambda root: _outcome(folder, root, file), (other, ROOT))
    lines = [
        *_differences("assessment", before.assessments, after.assessments),
        *_differences("incident", before.incidents, after.incidents),
        *_differences("alert", dict(enumerate(before.alerts, 1)), dict(enumerate(after.alerts, 1))),
    ]
    for line in lines[:_SHOWN]:
        print(line)
    if len(lines) > _SHOWN:
        print(f"… and {len(lines) - _SHOWN} more")
    print(
        f"{file.name}: {len(after.assessments)} assessments, {len(after.incidents)} incidents, "
        f"{len(after.alerts)} alerts; differences: {len(lines)}",
        flush=True,
    )
    return len(lines)


def _differences(what: str, before: dict[Any, str], after: dict[Any, str]) -> list[str]:
    keys = dict.fromkeys([*before, *after])
    return [
        f"{what} {key}:\n  - {before.get(key)}\n  + {after.get(key)}"
        for key in keys
        if before.get(key) != after.get(key)
    ]


def _outcome(folder: Path, root: Path, file: Path) -> Outcome:
    data = folder / f"{root.name}-{file.name}"
    common = ["--config", str(root / "config"), "--data", str(data)]
    assessments = _rows(root, "assess", str(file), "--json", "--config", str(root / "config"))
    _rows(root, "replay", str(file), "--json", *common)
    incidents = _rows(root, "incidents", "list", "--json", "--posts", *common)
    with (data / "alerts.jsonl").open(encoding="utf-8") as lines:
        alerts = [json.loads(line) for line in lines]
    return Outcome(
        {str(row.get("id") or row.get("line")): _said(row) for row in assessments},
        {str(row["number"]): _said(row) for row in incidents},
        sorted(_said(row) for row in alerts),
    )


def _rows(root: Path, *words: str) -> list[dict[str, Any]]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GRIDVOICE_")}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "gridvoice.cli.main", *words],
        cwd=root, env={**environment, "PYTHONPATH": str(root)}, capture_output=True,
        text=True, encoding="utf-8",
    )  # fmt: skip
    if done.returncode not in (0, 1):
        raise SystemExit(f"{root.name}: {' '.join(words[:2])}: {done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def _said(value: Any) -> str:
    return json.dumps(_without_run(value), ensure_ascii=False, sort_keys=True)


def _without_run(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_run(v) for k, v in value.items() if k not in _OF_THE_RUN}
    if isinstance(value, list):
        return [_without_run(v) for v in value]
    return value


def _demo_towns(folder: Path) -> Iterable[Path]:
    """The posts of the bundled towns, at fixed times, as files for both checkouts."""
    sys.path.insert(0, str(ROOT))
    from datetime import datetime, timedelta
    from itertools import islice

    from domain.clock import SHANGHAI, iso
    from gridvoice.demo.stream import later_posts
    from gridvoice.demo.town import TOWNS, load_town

    began = datetime(2026, 11, 20, 8, 0, tzinfo=SHANGHAI)
    for script in sorted(TOWNS.glob("*.yaml")):
        town = load_town(script)
        path = folder / f"town_{script.stem}.jsonl"
        with path.open("w", encoding="utf-8") as lines:
            for post in [*town.posts, *islice(later_posts(town), 300)]:
                row = {
                    "id": post.id,
                    "title": post.title,
                    "text": post.text,
                    "channel": post.channel,
                    "region": post.region or "许昌市建安区",
                    "published_at": iso(began + timedelta(seconds=post.after)),
                }
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")
        yield path


if __name__ == "__main__":
    raise SystemExit(main())
