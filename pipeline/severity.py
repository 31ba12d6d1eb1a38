"""Severity 等级: how grave a complaint is, as a sum of named weights, and an incident of them.

Only complaints are rated. Every weight is a `Reason` with the words that gave it; what is denied
(没有人员伤亡) does not count, what is feared (怕触电) counts for a share.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.model import CATEGORY_TITLES, Category, Reason, Severity
from pipeline.normalise import Squeezed, squeezed_spelling
from pipeline.phrases import PhraseBook
from pipeline.quantities import Quantity, quantities
from pipeline.severity_settings import SeveritySettings, Sign, Steps

_LAST_CLAUSE = re.compile(r"[^，。！？；,!?;:：\n]*$")
_LASTING_AFTER = ("了", "来", "没", "未", "都", "一直", "间", "以来", "还", "也")
_LASTING_BEFORE = ("已", "已经", "长达", "将近", "快", "近", "整整", "拖了", "等了", "用了")
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


class _Hit(NamedTuple):
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
        negations = tuple(map(squeezed_spelling, settings.negations))
        suppositions = tuple(map(squeezed_spelling, settings.suppositions))
        self._denied = re.compile("|".join(map(re.escape, negations)) or "(?!)")
        self._supposed = re.compile("|".join(map(re.escape, suppositions)) or "(?!)")
        self._supposed_after = tuple(map(squeezed_spelling, settings.supposed_after))
        # Where none of these characters stands before a sign, nothing denies or supposes it.
        self._doubts = frozenset(w[0] for w in (*negations, *suppositions))
        self._groups = [(frozenset(group.signs), group) for group in settings.together]
        self._category_reasons = {
            category: _unplaced(f"类别：{CATEGORY_TITLES[category]}", weight)
            for category, weight in settings.categories.items()
        }

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
        if category in self._category_reasons:
            reasons.append(self._category_reasons[category])
        if negativity is not None:
            weight = round(settings.negativity.weight * negativity, 1)
            reasons.append(_unplaced(settings.negativity.title, weight))
        strongest = _strongest(hits)
        for name, hit in strongest.items():
            sign = settings.signs[name]
            if sign.weight:
                reasons.append(_placed(_titled(sign, hit), post, hit, sign.weight * hit.share))
            if hit.share == 1.0:
                floor = _graver(floor, sign.at_least)
        for signs, group in self._groups:
            near = signs <= strongest.keys() and _near(hits, group.signs, group.within)
            if near:
                reasons.append(_placed(group.title, post, near, group.weight * near.share))
                if near.share == 1.0:
                    floor = _graver(floor, group.at_least)
        reasons.extend(self._quantity_reasons(post, hits))
        if engagement:
            reasons.extend(self._reach(engagement))
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
        severity = _graver(floor, self.settings.levels.of(score))
        reasons.sort(key=lambda r: -r.weight)
        return Rated(severity, score, tuple(reasons))

    def _hits(self, post: Squeezed) -> list[_Hit]:
        text = post.text
        hits: list[_Hit] = []
        late = self.settings.late
        for start, end, signs in self._book.find_all(post):
            share = self._share(text, start, end)
            if start - post.boundary > late.after:
                share *= late.share
            if share:
                hits.extend(_Hit(sign, start, end, share) for sign in signs)
        return hits

    def _share(self, text: str, start: int, end: int) -> float:
        """0 where the text denies it, a part where it is feared, else 1."""
        before = text[max(0, start - 7) : start]
        if not self._doubts.isdisjoint(before):
            before = _LAST_CLAUSE.search(before)[0]  # type: ignore[index]  # matches anything
            if self._denied.search(before):
                return 0.0
            if self._supposed.search(before):
                return self.settings.supposed_share
        return self._share_after(text, end)

    def _share_after(self, text: str, end: int) -> float:
        return self.settings.supposed_share if text.startswith(self._supposed_after, end) else 1.0

    def _quantity_reasons(self, post: Squeezed, hits: list[_Hit]) -> Iterator[Reason]:
        settings = self.settings
        found: dict[str, Quantity] = {}
        outages = [hit for hit in hits if hit.sign == settings.outage_sign]
        for quantity in quantities(post.text):
            measure = quantity.measure
            if measure == "hours" and not any(
                hit.start - 10 <= quantity.end and quantity.start <= hit.end + 10 for hit in outages
            ):
                continue
            if measure == "years" and not _has_lasted(post.text, quantity):
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


_RANKS = {severity: severity.rank for severity in Severity}


def _graver(one: Severity, other: Severity) -> Severity:
    return one if _RANKS[one] >= _RANKS[other] else other


def _strongest(hits: list[_Hit]) -> dict[str, _Hit]:
    best: dict[str, _Hit] = {}
    for hit in hits:
        if hit.sign not in best or hit.share > best[hit.sign].share:
            best[hit.sign] = hit
    return best


def _near(hits: list[_Hit], signs: tuple[str, ...], within: int) -> _Hit | None:
    """The hit of the first sign that has all other signs within reach, with the least share.

    Of several the one with the largest share; None where there is none.
    """
    best: _Hit | None = None
    for anchor in hits:
        if anchor.sign != signs[0]:
            continue
        share = anchor.share
        for sign in signs[1:]:
            shares = [
                h.share for h in hits if h.sign == sign and abs(h.start - anchor.start) <= within
            ]
            share = min(share, max(shares, default=0.0))
        if share > (best.share if best else 0.0):
            best = anchor._replace(share=share)
    return best


def _about_complaining(text: str, quantity: Quantity) -> bool:
    around = text[max(0, quantity.start - 10) : quantity.end + 6]
    return any(word in around for word in _COMPLAINING)


def _has_lasted(text: str, quantity: Quantity) -> bool:
    """三年了, 长达五年: how long it has gone on, not how old the house is."""
    return text.startswith(_LASTING_AFTER, quantity.end) or text.endswith(
        _LASTING_BEFORE, 0, quantity.start
    )


def _titled(sign: Sign, hit: _Hit) -> str:
    return sign.title if hit.share == 1.0 else f"{sign.title}（顺带或可能）"


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
