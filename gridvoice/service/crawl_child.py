"""The crawl process: `python -P -m gridvoice.service.crawl_child`; the service keeps it alive."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from crawlers.kinds.loading import load_sources
from crawlers.process.main import run
from db.engine import open_engine
from domain.input.load import load_file
from gridvoice.processes.lease_owner import owner
from gridvoice.processes.logs import set_up
from gridvoice.settings.general import GeneralSettings
from gridvoice.tasks.polling import DatabasePolls
from gridvoice.tasks.reclaim import reclaim


def main() -> int:
    """Crawl the enabled sources of a configuration into the store that GRIDVOICE_DATABASE names,
    until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--parent-pipe", type=int, default=None)
    parser.add_argument("--life-pipe", type=int, default=None)
    parser.add_argument("--quiet", action="store_true")
    options = parser.parse_args()
    set_up(options.quiet)
    general = load_file(options.config / "gridvoice.yaml", GeneralSettings, "gridvoice.yaml")
    engine = open_engine(os.environ["GRIDVOICE_DATABASE"])
    reclaim(engine)
    polls = DatabasePolls(engine, owner("crawl"))
    return run(
        lambda: {n: s for n, s in load_sources(options.config / "sources").items() if s.enabled},
        polls,
        stop_fd=options.parent_pipe,
        life_fd=options.life_pipe,
        settings=general.crawler,
    )


if __name__ == "__main__":
    sys.exit(main())
