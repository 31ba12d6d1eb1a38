"""Shared by the crawler's tests: sites, and one real crawl process for the whole run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from crawl_driver import Crawler
from site_on_loopback import Site


@pytest.fixture(scope="session")
def crawler() -> Iterator[Crawler]:
    running = Crawler()
    yield running
    code = running.close()
    assert code == 0, "".join(running.errors[-60:])


@pytest.fixture
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.close()


@pytest.fixture
def other_site() -> Iterator[Site]:
    running = Site()
    yield running
    running.close()
