"""The real configuration, loaded once; its channels are a test's own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from own_config import change, write_config

from alerts.channels.opening import Channels, open_channels
from domain.input.load import load_file
from gridvoice.demo.receivers.gateway import Gateway
from gridvoice.settings.configuration import Configuration, load

ToGateway = Callable[[Gateway], Configuration]


@pytest.fixture(scope="session")
def config_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_config(tmp_path_factory.mktemp("app"))

    def patient(channels: dict[str, list[dict[str, object]]]) -> None:
        by_name = {entry["name"]: entry for entry in channels["channels"]}
        by_name["centre"]["success_when"] = {"field": "code", "equals": [0]}
        by_name["centre"]["timeout"] = "3s"

    change(folder / "channels.yaml", patient)
    return folder


@pytest.fixture(scope="session")
def loaded(config_dir: Path) -> Configuration:
    return load(config_dir, config_dir.parent)


@pytest.fixture
def config(loaded: Configuration, config_dir: Path, tmp_path: Path) -> Configuration:
    """Alerts go to a file and, were anybody to send them, to the centre."""
    return _with_channels(loaded, config_dir, tmp_path, {})


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway(hang_s=20.0) as running:
        yield running


@pytest.fixture
def to_gateway(loaded: Configuration, config_dir: Path, tmp_path: Path) -> ToGateway:
    """The configuration whose centre and robot are a gateway."""

    def point(gateway: Gateway) -> Configuration:
        return _with_channels(loaded, config_dir, tmp_path, gateway.environment())

    return point


def _with_channels(
    loaded: Configuration, config_dir: Path, data_dir: Path, environ: dict[str, str]
) -> Configuration:
    settings = load_file(config_dir / "channels.yaml", Channels, "channels.yaml")
    return dataclasses.replace(
        loaded, channels=open_channels(settings, environ, data_dir, config_dir)
    )
