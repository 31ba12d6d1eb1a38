"""An index over incidents, so that a post is compared with the few that it may join.

`best` of `pipeline.cluster` over all candidates costs about 10 µs for each of them; with an index
only those are compared that share a text, a site, a local name, a town or several telling words.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.cluster import (
    Candidate,
    Choice,
    ClusterSettings,
    Features,
    Item,
    Known,
    best_known,
    features,
)

_TELLING_TERMS = 32  # of an incident; its rarest and most repeated ones
_MOST_BY_TERMS = 24  # candidates that only words speak for
_MOST_OF_A_TOWN = 40
_LEAST_SHARED = 3


class CandidateIndex:
    """Incidents by what a post may share with them. Holds the latest state of each."""

    def __init__(self, settings: ClusterSettings, candidates: Iterable[Candidate] = ()) -> None:
        self._settings = settings
        self._known: dict[int, Known] = {}
        self._keys: dict[int, list[str]] = {}
        self._ids: dict[str, set[int]] = {}
        for candidate in candidates:
            self.put(candidate)

    def __len__(self) -> int:
        return len(self._known)

    def put(self, candidate: Candidate) -> None:
        """Add an incident, or put its new state in place of the old."""
        number = candidate.incident_id
        # Names that begin alike give one key twice. Read whole before anything is changed: what
        # cannot be read leaves the index as it was.
        keys = list(dict.fromkeys(_keys_of(candidate)))
        known = Known.of(candidate)
        self.drop(number)
        self._known[number] = known
        self._keys[number] = keys
        for key in keys:
            self._ids.setdefault(key, set()).add(number)

    def drop(self, incident_id: int) -> None:
        """Forget an incident, if it is there (merged, or too old)."""
        self._known.pop(incident_id, None)
        for key in self._keys.pop(incident_id, ()):
            ids = self._ids[key]
            ids.discard(incident_id)
            if not ids:
                del self._ids[key]

    def choose(self, item: Item) -> Choice:
        """As `pipeline.cluster.choose` over all incidents held here."""
        return self.best(features(item))

    def best(self, one: Features) -> Choice:
        """As `choose`, for features already computed."""
        incidents = [self._known[number] for number in sorted(self._worth_comparing(one))]
        return best_known(one, incidents, self._settings)

    def _worth_comparing(self, one: Features) -> set[int]:
        ids, empty = self._ids, frozenset[int]()
        found = set(ids.get(f"#{one.item.hash}", empty))
        for kind in ("sites", "names", "roads"):
            for value in getattr(one.keys, kind):
                found |= ids.get(f"{kind}:{value}", empty)
        town: set[int] = set()
        for value in one.keys.towns:
            town |= ids.get(f"towns:{value}", empty)
        found.update(sorted(town, reverse=True)[:_MOST_OF_A_TOWN])
        shared: dict[int, int] = {}
        for term in one.wording.terms:
            # 河沿 opens the name of a site: whether all of it stands in the text is seen later.
            found |= ids.get(f"stem:{term}", empty)
            for number in ids.get(term, empty):
                shared[number] = shared.get(number, 0) + 1
        likely = [number for number, count in shared.items() if count >= _LEAST_SHARED]
        likely.sort(key=lambda number: (-shared[number], -number))
        found.update(likely[:_MOST_BY_TERMS])
        return found


def _keys_of(candidate: Candidate) -> Iterable[str]:
    profile = candidate.profile
    for text_hash in profile.get("hashes", ()):
        yield f"#{text_hash}"
    places = profile.get("places", {})
    for kind in ("sites", "names", "roads", "towns"):
        for value in places.get(kind, ()):
            yield f"{kind}:{value}"
    for stem in places.get("stems", ()):
        yield f"stem:{stem[:2]}"
    # grow() writes the heaviest terms first.
    for position, term in enumerate(profile.get("terms", {})):
        if position == _TELLING_TERMS:
            break
        yield term
