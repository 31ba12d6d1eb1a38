"""What the pipeline's tests share: the shipped settings, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.input.load import load_file
from pipeline.assess import Lexicon
from pipeline.incidents.settings import ClusterSettings
from pipeline.places.gazetteer import Gazetteer, load_gazetteer
from pipeline.places.locate import Locator
from pipeline.severity.rate import SeverityRules
from pipeline.severity.settings import SeveritySettings

CONFIG = Path(__file__).resolve().parents[2] / "config"


@pytest.fixture(scope="session")
def config_dir() -> Path:
    return CONFIG


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    return load_gazetteer(CONFIG / "places")


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return load_file(CONFIG / "lexicon.yaml", Lexicon, "lexicon.yaml")


@pytest.fixture(scope="session")
def locator(gazetteer: Gazetteer, lexicon: Lexicon) -> Locator:
    return Locator(gazetteer, lexicon.asides)


@pytest.fixture(scope="session")
def severity_rules() -> SeverityRules:
    return SeverityRules(load_file(CONFIG / "severity.yaml", SeveritySettings, "severity.yaml"))


@pytest.fixture(scope="session")
def grouping() -> ClusterSettings:
    return load_file(CONFIG / "incidents.yaml", ClusterSettings, "incidents.yaml")
