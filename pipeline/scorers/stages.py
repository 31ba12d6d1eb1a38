"""Both stages: the fast one for every post, and where it is in doubt the encoder beside it.

The first stage's sum and what the encoder makes of the post are log-odds; they are added up, the
encoder's with a share, and compared with a line. Outside the band of doubt the first stage's word
stands, and the encoder is not asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from threading import Lock

from pipeline.encoder import encoder as encoders
from pipeline.encoder.encoder import HasVectors, NoEncoder, Vector
from pipeline.scorers.heads import Heads, above_line, encoder_log_odds, lines, load_heads
from pipeline.scorers.linear import FirstReading, OwnScorer, SecondReading, logistic
from pipeline.scorers.model_file import SCALE, BadModel
from pipeline.scorers.score import IRRELEVANT, Score, Scorer
from pipeline.scorers.views import view
from pipeline.text.normalise import Squeezed

log = logging.getLogger("gridvoice.scorers")


class TwoStages:
    """The scorer `full`. Safe to share between threads.

    Where the encoder cannot be used it says so once, and the first stage's word goes for all; of a
    post in doubt the name tells that the second stage was not heard (`own-…+e5?`), so that it is
    read again where there is one.
    """

    def __init__(
        self,
        first: OwnScorer,
        heads: Heads,
        open_encoder: Callable[[], HasVectors] = encoders.shipped,
    ) -> None:
        self.first = first
        self.heads = heads
        self.name = first.name
        self.names = first.name, f"{first.name}+{heads.name}"
        self.unheard = f"{first.name}+e5?"
        self._matrices = [r.matrix() for r in heads.registers]
        self._open = open_encoder
        self._opening = Lock()
        self._encoder: HasVectors | None = None
        self._gone = False

    def score(self, post: Squeezed, channel: str | None = None) -> Score:
        read = self.first.read(post, channel)
        if read is None:
            return IRRELEVANT
        if not self.doubts(read):
            return self.first.judge(read)
        encoder = self._reader()
        if encoder is None:
            return replace(self.first.judge(read), scorer=self.unheard)
        second = self.second(read, encoder.vector(view(read.reading)))
        return replace(self.first.judge(read, second), scorer=self.names[-1])

    def first_word(self, post: Squeezed, channel: str | None = None) -> Score:
        """As `score`, at once: of a post in doubt the name tells that the second is due."""
        read = self.first.read(post, channel)
        if read is None:
            return IRRELEVANT
        score = self.first.judge(read)
        return replace(score, scorer=self.unheard) if self.doubts(read) else score

    def can_hear(self) -> bool:
        """Whether the encoder can be used; it is loaded by this."""
        return self._reader() is not None

    def doubts(self, read: FirstReading) -> bool:
        """Whether the first stage is in doubt whether a post is about supply."""
        low, high = self.heads.band
        return low <= read.sums[0] <= high

    def second(self, read: FirstReading, vector: Vector) -> SecondReading:
        """Both stages' word on a post, from its view's vector."""
        register = read.reading.register
        heads = self.heads.registers[register]
        share, line = heads.share / SCALE, heads.line / SCALE
        spoken = encoder_log_odds(self._matrices[register], vector)
        both = [
            above_line(first / SCALE, said, share, least)
            for first, said, least in zip(read.sums, spoken, lines(line), strict=False)
        ]
        relevance, negativity = (
            logistic(slope / SCALE * sum_) for slope, sum_ in zip(heads.slopes, both, strict=True)
        )
        return SecondReading(relevance, negativity, (share * spoken[0], share * spoken[1]))

    def _reader(self) -> HasVectors | None:
        """The encoder, opened when first needed; None: it cannot be used, which is said once."""
        if self._encoder is None and not self._gone:
            with self._opening:
                if self._encoder is None and not self._gone:
                    self._encoder = self._opened()
                    self._gone = self._encoder is None
        return self._encoder

    def _opened(self) -> HasVectors | None:
        try:
            encoder = self._open()
        except NoEncoder as missing:
            log.warning("第二级研判不可用, 有疑帖文只按第一级研判: %s", missing)
            return None
        if encoder.digest != self.heads.encoder:
            log.warning("第二级研判不可用: 编码器与模型不配套, 请重新训练: gridvoice train")
            return None
        return encoder


@cache
def shipped() -> Scorer:
    """Both stages with the models in the package, read once a process; without the second stage's
    file the first alone. Raises BadModel."""
    first = OwnScorer.shipped()
    try:
        return TwoStages(first, load_heads())
    except BadModel as bad:
        log.warning("第二级研判不可用, 只按第一级研判: %s", bad)
        return first
