"""The baseline that everybody begins with: keywords find it, a general sentiment assesses it."""

from __future__ import annotations

import re

from domain.assessments import Reason
from pipeline.scorers.score import IRRELEVANT, Score, Scorer
from pipeline.text.normalise import Squeezed

KEYWORDS = re.compile(
    "停电|断电|没电|限电|跳闸|拉闸|电压|电费|电价|电表|供电|用电|电网|电力局|电力公司|电业局|国网|"
    "电线|电杆|高压线|变压器|变电站|配电|触电|漏电|95598|电工|充电桩|三相电|动力电|临时电|接电|通电|来电了"
)


class KeywordScorer:
    """Relevant where a keyword stands; a complaint where the sentiment scorer calls it negative."""

    def __init__(self, sentiment: Scorer) -> None:
        self.name = f"keywords+{sentiment.name}"
        self._sentiment = sentiment

    def score(self, post: Squeezed, channel: str | None = None) -> Score:
        found = find_keyword(post)
        if found is None:
            return IRRELEVANT
        felt = self._sentiment.score(post, channel)
        return Score(True, 1.0, felt.complaint, felt.negativity, None, (found,))


def find_keyword(post: Squeezed) -> Reason | None:
    """The first keyword of a post, at its place in the original."""
    match = KEYWORDS.search(post.text)
    if match is None:
        return None
    field = post.field(match.start())
    start, end = post.span(*match.span())
    said = post.original[field == "text"][start:end]
    return Reason("关键词", field, start, end, said, 1.0)
