"""One incident to vary, one gateway to send to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from alert_stories import INCIDENT, NOW
from toy_receiver import ToyReceiver

from domain.incidents.incident import Incident
from gridvoice.demo.receivers.gateway import Gateway

MakeIncident = Callable[..., Incident]


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def make_incident() -> MakeIncident:
    def make(**changes: Any) -> Incident:
        return dataclasses.replace(INCIDENT, **changes)

    return make


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway(others=[ToyReceiver()]) as running:
        yield running
