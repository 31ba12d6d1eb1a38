"""Severity 等级: how grave a complaint is, as a sum of named weights, and an incident of them.

Only complaints are rated. Every weight is a `Reason` with the words that gave it; what is denied
(没有人员伤亡) does not count, what is feared (怕触电) counts for a share.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from domain.model import CATEGORY_TITLES, Category, Reason, Severity
from pipeline.normalise import Squeezed, squeezed_spelling
from pipeline.phrases import PhraseBook
from pipeline.quantities import Quantity, quantities
from pipeline.severity_settings import SeveritySettings, Sign, Steps

_CLAUSE_ENDS = "，。！？；,!?;:：\n"
_COMPLAINING = (
    "投诉",
    "反映",
    "电话",
    "拨打",
    "报修",
    "致电",
    "打过",
    "找过",
    "举报",
    "上报",
    "催",
)


@dataclass(frozen=True, slots=True)
class Rated:
    """A verdict on severity: the level, the score 0–100 behind it, and each reason."""

    severity: Severity
    score: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """What is known of an incident when it is rated.

    `severity` and `score` are those of its gravest post; `velocity` is posts in the last hour,
    `usual` what the channels bring in such an hour.
    """

    severity: Severity
    score: float
    posts: int = 1
    writers: int = 1
    channels: int = 1
    engagement: Mapping[str, int] = field(default_factory=dict)
    velocity: float = 0.0
    usual: float = 0.0


@dataclass(frozen=True, slots=True)
class _Hit:
    """A sign met in the text; `share` is 1, or less where it is only feared."""

    sign: str
    start: int
    end: int
    share: float


NOT_RATED = Rated(Severity.NONE, 0.0, ())


class SeverityRules:
    """config/severity.yaml, ready to rate."""

    def __init__(self, settings: SeveritySettings) -> None:
        self.settings = settings
        signs: dict[str, list[str]] = {}
        for name, sign in settings.signs.items():
            for phrase in sign.phrases:
                signs.setdefault(squeezed_spelling(phrase), []).append(name)
        self._book = PhraseBook({phrase: tuple(names) for phrase, names in signs.items()})
        self._negations = tuple(map(squeezed_spelling, settings.negations))
        self._suppositions = tuple(map(squeezed_spelling, settings.suppositions))
        self._supposed_after = tuple(map(squeezed_spelling, settings.supposed_after))

    def rate(
        self,
        post: Squeezed,
        category: Category | None,
        negativity: float | None,
        engagement: Mapping[str, int] | None = None,
    ) -> Rated:
        """The severity of a complaint. The caller asks only for complaints."""
        settings = self.settings
        hits = self._hits(post)
        reasons: list[Reason] = []
        floor = Severity.BLUE
        if category is not None:
            weight = settings.categories.get(category, 0.0)
            reasons.append(_unplaced(f"类别：{CATEGORY_TITLES[category]}", weight))
        if negativity is not None:
            weight = round(settings.negativity.weight * negativity, 1)
            reasons.append(_unplaced(settings.negativity.title, weight))
        for name, hit in _strongest(hits).items():
            sign = settings.signs[name]
            if sign.weight:
                reasons.append(_placed(_titled(sign, hit), post, hit, sign.weight * hit.share))
            if hit.share == 1.0 and sign.at_least.rank > floor.rank:
                floor = sign.at_least
        for group in settings.together:
            near = _near(hits, group.signs, group.within)
            if near is not None:
                reasons.append(_placed(group.title, post, near, group.weight))
                floor = max(floor, group.at_least, key=lambda s: s.rank)
        reasons.extend(self._quantity_reasons(post, hits))
        reasons.extend(self._reach(engagement or {}))
        return self._conclude(reasons, floor)

    def rate_incident(self, facts: IncidentFacts) -> Rated:
        """An incident's severity: its gravest post, raised by writers, spread and speed.

        The reasons are those of the raise alone; the post's own stand with the post.
        """
        if facts.severity is Severity.NONE:
            return NOT_RATED
        steps = self.settings.incident
        surge = facts.velocity / max(facts.usual, 1.0)
        reposts = max(0, facts.posts - facts.writers)
        reasons = [
            *_stepped(steps.writers, facts.writers, f"{facts.writers}人"),
            *_stepped(steps.reposts, reposts, f"{reposts}条"),
            *_stepped(steps.channels, facts.channels, f"{facts.channels}个渠道"),
            *_stepped(steps.velocity, surge, f"一小时{facts.velocity:g}条"),
            *self._reach(facts.engagement),
        ]
        return self._conclude(reasons, facts.severity, facts.score)

    def _conclude(self, reasons: list[Reason], floor: Severity, base: float = 0.0) -> Rated:
        reasons = [r for r in reasons if r.weight]
        score = round(min(100.0, base + sum(r.weight for r in reasons)), 1)
        severity = max(floor, self.settings.levels.of(score), key=lambda s: s.rank)
        reasons.sort(key=lambda r: -r.weight)
        return Rated(severity, score, tuple(reasons))

    def _hits(self, post: Squeezed) -> list[_Hit]:
        text = post.text
        hits: list[_Hit] = []
        for start, end, signs in self._book.find_all(post):
            share = self._share(text, start, end)
            if share:
                hits.extend(_Hit(sign, start, end, share) for sign in signs)
        return hits

    def _share(self, text: str, start: int, end: int) -> float:
        """0 where the text denies it, a part where it is feared, else 1."""
        before = text[max(0, start - 7) : start]
        for position in range(len(before) - 1, -1, -1):
            if before[position] in _CLAUSE_ENDS:
                before = before[position + 1 :]
                break
        if before:
            if _ends_near(before[-6:], self._negations):
                return 0.0
            if any(word in before for word in self._suppositions):
                return self.settings.supposed_share
        if text[end : end + 6].startswith(self._supposed_after):
            return self.settings.supposed_share
        return 1.0

    def _quantity_reasons(self, post: Squeezed, hits: list[_Hit]) -> Iterator[Reason]:
        settings = self.settings
        found: dict[str, Quantity] = {}
        outages = [hit for hit in hits if hit.sign == settings.outage_sign]
        for quantity in quantities(post.text):
            measure = quantity.measure
            if measure == "hours" and not any(
                hit.start - 14 <= quantity.end and quantity.start <= hit.end + 14 for hit in outages
            ):
                continue
            if measure == "times" and not _about_complaining(post.text, quantity):
                continue
            known = found.get(measure)
            if known is None or quantity.amount > known.amount:
                found[measure] = quantity
        by_measure = {
            "hours": settings.hours,
            "households": settings.households,
            "times": settings.complaints,
            "years": settings.years,
        }
        for measure, quantity in found.items():
            steps = by_measure[measure]
            hit = _Hit("", quantity.start, quantity.end, 1.0)
            yield _placed(steps.title, post, hit, steps.weight(quantity.amount))

    def _reach(self, engagement: Mapping[str, int]) -> Iterator[Reason]:
        reach = self.settings.reach
        total = sum(max(0, engagement.get(key, 0)) * w for key, w in reach.weights.items())
        if total >= reach.starts:
            weight = min(reach.most, reach.per_tenfold * (1 + math.log10(total / reach.starts)))
            yield _unplaced(reach.title, round(weight, 1), f"{total:.0f}")


def _ends_near(before: str, words: tuple[str, ...]) -> bool:
    # 没有任何人受伤 denies, 没人管，受伤了 does not: the clause was cut already.
    return any(word in before for word in words)


def _strongest(hits: list[_Hit]) -> dict[str, _Hit]:
    best: dict[str, _Hit] = {}
    for hit in hits:
        if hit.sign not in best or hit.share > best[hit.sign].share:
            best[hit.sign] = hit
    return best


def _near(hits: list[_Hit], signs: tuple[str, ...], within: int) -> _Hit | None:
    """The first hit of the first sign that has all other signs within reach, else None."""
    for anchor in hits:
        if anchor.sign != signs[0]:
            continue
        if all(
            any(h.sign == sign and abs(h.start - anchor.start) <= within for h in hits)
            for sign in signs[1:]
        ):
            return anchor
    return None


def _about_complaining(text: str, quantity: Quantity) -> bool:
    around = text[max(0, quantity.start - 10) : quantity.end + 6]
    return any(word in around for word in _COMPLAINING)


def _titled(sign: Sign, hit: _Hit) -> str:
    return sign.title if hit.share == 1.0 else f"{sign.title}（可能）"


def _placed(rule: str, post: Squeezed, hit: _Hit, weight: float) -> Reason:
    start, end = post.span(hit.start, hit.end)
    name = post.field(hit.start)
    original = post.original[0] if name == "title" else post.original[1]
    return Reason(rule, name, start, end, original[start:end], round(weight, 1))


def _unplaced(rule: str, weight: float, text: str = "") -> Reason:
    return Reason(rule, "", 0, 0, text, weight)


def _stepped(steps: Steps, quantity: float, text: str) -> Iterator[Reason]:
    weight = steps.weight(quantity)
    if weight:
        yield _unplaced(steps.title, weight, text)
