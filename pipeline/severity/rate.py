"""Severity 等级: how grave a complaint is, as a sum of named weights, and an incident of them.

Only complaints are rated. Every weight is a `Reason` with the words that gave it; what is denied
(没有人员伤亡) does not count, what is feared (怕触电) counts for a share.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from domain.assessments import Category, Reason, Severity
from domain.input.bounds import count
from pipeline.severity.risk_signs import SignHit, Signs, near, surest
from pipeline.severity.settings import SeveritySettings, Sign, Steps
from pipeline.text.normalise import Squeezed
from pipeline.text.quantities import Quantity, quantities

_SAME_MATTER = re.compile(
    r"[^，。！？；,!?;\n]*(?:[，,](?:还|仍|一直|依然|都|至今)[^，。！？；,!?;\n]*)?"
)
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
    """A assessment on severity: the level, the score 0–100 behind it, and each reason."""

    severity: Severity
    score: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """What is known of an incident when it is rated.

    `severity` and `score` are those of its gravest post; `velocity` is posts in the last hour.
    """

    severity: Severity
    score: float
    posts: int = 1
    writers: int = 1
    channels: int = 1
    engagement: Mapping[str, int] = field(default_factory=dict)
    velocity: float = 0.0


NOT_RATED = Rated(Severity.NONE, 0.0, ())


class SeverityRules:
    """config/severity.yaml, ready to rate."""

    def __init__(self, settings: SeveritySettings) -> None:
        self.settings = settings
        self._signs = Signs(settings)
        self._groups = [(frozenset(group.signs), group) for group in settings.together]
        self._category_reasons = {
            category: Reason.unplaced(f"类别：{category.label}", weight)
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
        found = self._signs.find(post)
        reasons: list[Reason] = []
        floor = Severity.BLUE
        if category in self._category_reasons:
            reasons.append(self._category_reasons[category])
        if negativity is not None:
            weight = round(settings.negativity.weight * negativity, 1)
            reasons.append(Reason.unplaced(settings.negativity.title, weight))
        for name, hits in found.items():
            sign, hit = settings.signs[name], surest(hits)
            if sign.weight:
                reasons.append(_placed(_titled(sign, hit), post, hit, sign.weight * hit.share))
            if hit.share == 1.0:
                floor = max(floor, sign.at_least)
        for signs, group in self._groups:
            hit_near = near(found, group.signs, group.within) if signs <= found.keys() else None
            if hit_near is not None:
                weight = group.weight * hit_near.share
                reasons.append(_placed(group.title, post, hit_near, weight))
                if hit_near.share == 1.0:
                    floor = max(floor, group.at_least)
        reasons.extend(self._quantity_reasons(post, found))
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
        reposts = max(0, facts.posts - facts.writers)
        reasons = [
            *_stepped(steps.writers, facts.writers, f"{facts.writers}人"),
            *_stepped(steps.reposts, reposts, f"{reposts}条"),
            *_stepped(steps.channels, facts.channels, f"{facts.channels}个渠道"),
            *_stepped(steps.velocity, facts.velocity, f"一小时{facts.velocity:g}条"),
            *self._reach(facts.engagement),
        ]
        rated = self._conclude(reasons, facts.severity, facts.score)
        if facts.writers >= steps.one_level_below:
            return rated
        # A handful of neighbours make a matter graver, but not a calm one a catastrophe.
        return replace(rated, severity=min(rated.severity, _next(facts.severity)))

    def _conclude(self, reasons: list[Reason], floor: Severity, base: float = 0.0) -> Rated:
        reasons = [r for r in reasons if r.weight]
        score = round(min(100.0, base + sum(r.weight for r in reasons)), 1)
        severity = max(floor, self.settings.levels.of(score))
        reasons.sort(key=lambda r: -r.weight)
        return Rated(severity, score, tuple(reasons))

    def _quantity_reasons(
        self, post: Squeezed, found: dict[str, list[SignHit]]
    ) -> Iterator[Reason]:
        settings, text = self.settings, post.text
        outages = found.get(settings.outage_sign, [])
        largest: dict[str, Quantity] = {}
        for quantity in quantities(text, post.boundary + settings.late.after):
            if not _counts(text, quantity, outages):
                continue
            known = largest.get(quantity.measure)
            if known is None or quantity.amount > known.amount:
                largest[quantity.measure] = quantity
        by_measure = {
            "hours": settings.hours,
            "households": settings.households,
            "times": settings.complaints,
            "years": settings.years,
        }
        for measure, quantity in largest.items():
            steps = by_measure[measure]
            hit = SignHit("", quantity.start, quantity.end, 1.0)
            yield _placed(steps.title, post, hit, steps.weight(quantity.amount))

    def _reach(self, engagement: Mapping[str, int]) -> Iterator[Reason]:
        reach = self.settings.reach
        total = sum((count(engagement.get(key)) or 0) * w for key, w in reach.weights.items())
        if total >= reach.starts:
            weight = min(reach.most, reach.per_tenfold * (1 + math.log10(total / reach.starts)))
            yield Reason.unplaced(reach.title, round(weight, 1), f"{total:.0f}")


def _next(severity: Severity) -> Severity:
    levels = list(Severity)
    return levels[min(severity.rank + 1, len(levels) - 1)]


def _counts(text: str, quantity: Quantity, outages: list[SignHit]) -> bool:
    """Whether it tells of the matter: hours without power, times complained, years of it."""
    if quantity.measure == "hours":
        return any(_lasts(text, quantity, hit) for hit in outages)
    if quantity.measure == "years":
        return _has_lasted(text, quantity)
    return quantity.measure != "times" or _about_complaining(text, quantity)


def _lasts(text: str, quantity: Quantity, outage: SignHit) -> bool:
    if outage.start <= quantity.start:  # 停电了，已经三天
        return quantity.start - outage.end <= 10
    between = text[quantity.end : outage.start]  # 三天没电; 三天了，还没来电
    return len(between) <= 10 and _SAME_MATTER.fullmatch(between) is not None


def _about_complaining(text: str, quantity: Quantity) -> bool:
    around = text[max(0, quantity.start - 10) : quantity.end + 6]
    return any(word in around for word in _COMPLAINING)


def _has_lasted(text: str, quantity: Quantity) -> bool:
    """三年了, 长达五年: how long it has gone on, not how old the house is."""
    return text.startswith(_LASTING_AFTER, quantity.end) or text.endswith(
        _LASTING_BEFORE, 0, quantity.start
    )


def _titled(sign: Sign, hit: SignHit) -> str:
    return sign.title if hit.share == 1.0 else f"{sign.title}（顺带或可能）"


def _placed(rule: str, post: Squeezed, hit: SignHit, weight: float) -> Reason:
    start, end = post.span(hit.start, hit.end)
    name = post.field(hit.start)
    original = post.original[0] if name == "title" else post.original[1]
    return Reason(rule, name, start, end, original[start:end], round(weight, 1))


def _stepped(steps: Steps, quantity: float, text: str) -> Iterator[Reason]:
    weight = steps.weight(quantity)
    if weight:
        yield Reason.unplaced(steps.title, weight, text)
