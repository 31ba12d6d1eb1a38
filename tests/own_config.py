"""A configuration folder of a test's own: the one that ships, with its sources left out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

SHIPPED = Path(__file__).resolve().parent.parent / "config"


def write_config(folder: Path, places: tuple[str, ...] = ("41",)) -> Path:
    """A copy of the shipped configuration under `folder`: no sources, no quiet hours (a test must
    not depend on the hour at which it runs), any free port, no log lines among the output, robots
    on loopback.

    Of the gazetteer only places whose codes begin with one of `places`: all of it takes a while.
    """
    config = folder / "config"
    shutil.copytree(SHIPPED, config, ignore=shutil.ignore_patterns("sources"))
    (config / "sources").mkdir()
    for table in (config / "places").glob("*.csv"):
        header, *rows = table.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [row for row in rows if row.startswith(places)]
        table.write_text(header + "".join(kept), encoding="utf-8")
    change(config / "gridvoice.yaml", lambda it: it["console"].update(port=0))
    change(config / "routes.yaml", _calm)
    change(config / "channels.yaml", robot_here)
    return config


def change(path: Path, how: Callable[[Any], object]) -> None:
    """Rewrite one settings file."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    how(content)
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")


def robot_here(channels: Any) -> None:
    """Robots may stand on this machine, as the tests' do."""
    for channel in channels["channels"]:
        if channel["kind"] == "wecom":
            channel["hosts"] = ["127.0.0.1"]


def _calm(routes: Any) -> None:
    routes["quiet"] = []
    for targets in (routes["default"], *(route["to"] for route in routes["routes"])):
        targets[:] = [to for to in targets if to["channel"] != "log"]
