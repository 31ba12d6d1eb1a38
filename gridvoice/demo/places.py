"""The gazetteer of a demo town: the shipped one, with the town's own territory and stations."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from gridvoice.demo.town import Town

_OWN_OF_THE_SHIPPED = "local.csv"  # roads and estates of the shipped territory


def write_places(town: Town, shipped: Path, folder: Path) -> Path:
    """The folder of places that serves this town: `shipped` itself, or a copy in `folder`.

    Word lists of the shipped region.yaml are kept; territory and stations are the town's.
    """
    if town.places is None:
        return shipped
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(shipped.glob("*.csv")):
        if path.name != _OWN_OF_THE_SHIPPED:
            shutil.copy(path, folder / path.name)
    region: dict[str, Any] = yaml.safe_load((shipped / "region.yaml").read_text(encoding="utf-8"))
    region |= {
        "name": town.places.name,
        "territory": list(town.places.territory),
        "stations": dict(town.places.stations),
        "regions": {},
    }
    text = yaml.safe_dump(region, allow_unicode=True, sort_keys=False, width=100)
    (folder / "region.yaml").write_text(text, encoding="utf-8")
    rows = "\n".join(("code,name,kind,aliases", *town.places.rows))
    (folder / _OWN_OF_THE_SHIPPED).write_text(rows + "\n", encoding="utf-8")
    return folder
