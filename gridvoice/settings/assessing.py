"""What assessing and grouping work by, loaded from config/: the assessor and the grouping rules."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from domain.input.load import load_file
from pipeline import assess
from pipeline.assess import Assessor
from pipeline.incidents.settings import ClusterSettings
from pipeline.scorers import open_scorer


@dataclass(frozen=True, slots=True)
class Assessing:
    """The pure middle, ready for use and safe to share between threads."""

    assessor: Assessor
    grouping: ClusterSettings


def open_assessor(config: Path, scorer: str) -> Assessor:
    """The assessor of a configuration with the named scorer. Raises KeyError, BadSettings."""
    return assess.open_assessor(config, open_scorer(scorer))


def load_assessing(config: Path, scorer: str) -> Assessing:
    """Everything that assessing needs. Raises BadSettings."""
    return Assessing(
        assessor=open_assessor(config, scorer),
        grouping=load_file(config / "incidents.yaml", ClusterSettings, "incidents.yaml"),
    )
