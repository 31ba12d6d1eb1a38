"""How well posts were put into incidents, against a truth: which matter each post belongs to. Pure.

A matter is what happened; an incident is what we made of it. All figures are over the posts that
belong to a matter; a post in no incident is alone by itself. Lists are taken, not sets of numbers,
so that an empty one gives 0 and raises nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_PRECISION_COUNTS = 0.5  # of F0.5: a wrong join hides a matter, a missed one costs a merge by hand


@dataclass(frozen=True, slots=True)
class Member:
    """A post: the matter that it belongs to (None: to none) and the incident that it was put in."""

    post: str
    matter: str | None
    incident: str | None


@dataclass(frozen=True, slots=True)
class Matter:
    """What happened, as far as telling people of it is measured."""

    matter: str
    deserves_alert: bool = True
    grave: bool = False  # yellow or above: people must hear of it


@dataclass(frozen=True, slots=True)
class Agreement:
    """Precision, recall and their mean (F1 or, where it says so, F0.5), each 0–1."""

    p: float
    r: float
    f: float

    @classmethod
    def of(cls, p: float, r: float, beta: float = 1.0) -> Agreement:
        """With the weighted mean of both."""
        square = beta * beta
        below = square * p + r
        return cls(p, r, (1 + square) * p * r / below if below else 0.0)


def b_cubed(members: Sequence[Member]) -> Agreement:
    """The mean over posts: what share of a post's incident is of its matter (precision), what share
    of its matter is in its incident (recall)."""
    ours = [one for one in members if one.matter is not None]
    if not ours:
        return Agreement(0.0, 0.0, 0.0)
    in_both = Counter((one.matter, _cluster(one)) for one in ours)
    of_matter = Counter(one.matter for one in ours)
    of_cluster = Counter(_cluster(one) for one in ours)
    p = sum(n * n / of_cluster[cluster] for (_, cluster), n in in_both.items())
    r = sum(n * n / of_matter[matter] for (matter, _), n in in_both.items())
    return Agreement.of(p / len(ours), r / len(ours))


def pairs(members: Sequence[Member]) -> Agreement:
    """Over pairs of posts: those put together that belong together. F is F0.5."""
    ours = [one for one in members if one.matter is not None]
    both = _pairs(Counter((one.matter, _cluster(one)) for one in ours).values())
    together = _pairs(Counter(_cluster(one) for one in ours).values())
    belong = _pairs(Counter(one.matter for one in ours).values())
    p = both / together if together else 0.0
    return Agreement.of(p, both / belong if belong else 0.0, _PRECISION_COUNTS)


def incidents_of(members: Iterable[Member]) -> dict[str, set[str]]:
    """Matter → the incidents that hold posts of it; matters in no incident are left out."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in members:
        if one.matter is not None and one.incident is not None:
            found[one.matter].add(one.incident)
    return dict(found)


def false_merges(members: Iterable[Member]) -> list[str]:
    """The incidents that hold posts of two matters or more, by name."""
    matters: dict[str, set[str]] = defaultdict(set)
    for one in members:
        if one.matter is not None and one.incident is not None:
            matters[one.incident].add(one.matter)
    return sorted(name for name, held in matters.items() if len(held) > 1)


def main_matters(members: Iterable[Member]) -> dict[str, str | None]:
    """Incident → the matter that most of its posts belong to; None where most belong to none. Of
    equals the first by name."""
    held: dict[str, Counter[str | None]] = defaultdict(Counter)
    for one in members:
        if one.incident is not None:
            held[one.incident][one.matter] += 1
    return {
        name: max(sorted(count, key=str), key=count.__getitem__) for name, count in held.items()
    }


@dataclass(frozen=True, slots=True)
class AlertsHeard:
    """What people heard. `per_matter`: first alerts that each matter which deserves one caused;
    `needless`: first alerts of anything else; `untold`: grave matters that nobody was told of."""

    per_matter: float
    needless: int
    untold: tuple[str, ...]


def told(
    members: Sequence[Member], alerted: Iterable[str], matters: Iterable[Matter]
) -> AlertsHeard:
    """What people heard of the matters. `alerted`: the incidents that they were told of.

    An alert speaks for the matter of most of its posts. A grave matter whose posts all lie in
    another's incident is untold.
    """
    main = main_matters(members)
    heard = Counter(main.get(incident) for incident in set(alerted))
    by_name = {one.matter: one for one in matters}
    deserving = [name for name, one in by_name.items() if one.deserves_alert]
    caused = sum(heard[name] for name in deserving)
    return AlertsHeard(
        per_matter=caused / len(deserving) if deserving else 0.0,
        needless=heard.total() - caused,
        untold=tuple(
            sorted(name for name, one in by_name.items() if one.grave and not heard[name])
        ),
    )


def _cluster(one: Member) -> str:
    return f"post {one.post}" if one.incident is None else f"incident {one.incident}"


def _pairs(sizes: Iterable[int]) -> int:
    return sum(n * (n - 1) // 2 for n in sizes)


def figures(
    members: Sequence[Member], alerted: Iterable[str], matters: Iterable[Matter] = ()
) -> dict[str, object]:
    """All figures, for programs; what is told of matters is null where none are given."""
    ours = [one for one in members if one.matter is not None]
    found = incidents_of(ours)
    holding = {one.incident for one in ours if one.incident is not None}
    merged = false_merges(ours)
    known = list(matters)
    heard = told(members, alerted, known) if known else None
    strangers = {one.incident for one in members if one.matter is None} - {None}
    return {
        "posts": len(members),
        "of_matters": len(ours),
        "matters": len({one.matter for one in ours}),
        "grouped": sum(one.incident is not None for one in ours),
        "incidents": len({one.incident for one in members} - {None}),
        "b_cubed": _written(b_cubed(ours), "f1"),
        "pairs": _written(pairs(ours), "f05"),
        "false_merges": {"incidents": merged, "per_100": _per(100 * len(merged), len(holding))},
        "with_strangers": len(strangers & holding),
        "of_strangers": len(strangers - holding),
        "fragments_per_matter": _per(sum(map(len, found.values())), len(found)),
        "first_alerts_per_matter": round(heard.per_matter, 3) if heard else None,
        "needless_first_alerts": heard.needless if heard else None,
        "untold": list(heard.untold) if heard else None,
    }


def _written(found: Agreement, mean: str) -> dict[str, float]:
    return {"p": round(found.p, 4), "r": round(found.r, 4), mean: round(found.f, 4)}


def _per(count: int, of: int) -> float:
    return round(count / of, 3) if of else 0.0


def by_matter(members: Iterable[Member]) -> Mapping[str, Counter[str | None]]:
    """Matter → incident → posts, to see where a matter is lost (None: in no incident)."""
    found: dict[str, Counter[str | None]] = defaultdict(Counter)
    for one in members:
        if one.matter is not None:
            found[one.matter][one.incident] += 1
    return dict(found)
