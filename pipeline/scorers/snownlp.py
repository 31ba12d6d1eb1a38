"""SnowNLP, the general sentiment of online shopping reviews: the baseline of every evaluation."""

from __future__ import annotations

import math

from pipeline.scorers.score import Score
from pipeline.text.normalise import Squeezed

VERSION = "snownlp"


class SnowScorer:
    """A complaint where SnowNLP's sentiment is below 0.5. It knows nothing of electricity:
    whatever it finds negative counts as relevant too."""

    def __init__(self) -> None:
        from snownlp import SnowNLP  # here: loading its tables takes about three seconds

        self._read = SnowNLP
        self.name = VERSION

    def score(self, post: Squeezed, channel: str | None = None) -> Score:
        joined = " ".join(post.original).strip()
        if not joined:
            return Score(False, 0.0, False, None, None)
        try:
            liking = float(self._read(joined).sentiments)
        except (ZeroDivisionError, ValueError, OverflowError):
            # It divides by the number of words it knows and by likelihoods that may vanish.
            liking = 0.5
        if math.isnan(liking):
            liking = 0.5
        negative = liking < 0.5
        return Score(negative, round(1 - liking, 4), negative, round(1 - liking, 4), None)
