"""The model as a file: whole numbers and names in JSON, so that it is the same on any machine.

Weights are stored times 10,000; sums are sums of whole numbers and cannot depend on their order.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.model import Category
from pipeline.scorers import concepts
from pipeline.scorers.features import feature_name, feature_number

SCALE = 10_000
HEADS: tuple[str, ...] = ("relevant", "complaint", *(c.value for c in Category))
SHIPPED = Path(__file__).parent / "model" / "own.json"
_FORMAT = 1


class BadModel(Exception):
    """A model file that this program cannot use; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Model:
    """A linear model. Weights are whole numbers (times SCALE), one column a head of HEADS.

    `near`/`wide`: a row for each n-gram, divided by the square root of how many of the post's
    n-grams are known. `facts`: by feature number. `calibration`: head → (slope, offset), times
    SCALE, of the logistic that turns a sum into a probability.
    """

    ngrams: tuple[str, ...]
    near: tuple[tuple[int, ...], ...]
    wide: tuple[tuple[int, ...], ...]
    facts: dict[int, tuple[int, ...]]
    bias: tuple[int, ...]
    calibration: tuple[tuple[int, int], ...]
    trained_on: frozenset[str] = field(default_factory=frozenset)

    @property
    def name(self) -> str:
        """`own-` and the first eight digits of the digest of the weights."""
        return "own-" + hashlib.sha256(self._weights().encode()).hexdigest()[:8]

    def _weights(self) -> str:
        return json.dumps(
            {
                "format": _FORMAT,
                "lexicon": lexicon_digest(),
                "heads": HEADS,
                "bias": self.bias,
                "calibration": self.calibration,
                "facts": {feature_name(k): v for k, v in sorted(self.facts.items())},
                "ngrams": "\n".join(self.ngrams),
                "near": list(zip(*self.near, strict=True)),
                "wide": list(zip(*self.wide, strict=True)),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    def save(self, path: Path) -> None:
        """Writes the model; the same model gives the same bytes."""
        texts = json.dumps({"trained_on": "".join(sorted(self.trained_on))}, separators=(",", ":"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._weights() + "\n" + texts + "\n", encoding="utf-8")


def load_model(path: Path = SHIPPED) -> Model:
    """Raises BadModel when the file is missing, damaged or made for another lexicon."""
    try:
        weights, texts = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
        raw: dict[str, Any] = json.loads(weights)
        joined: str = json.loads(texts)["trained_on"]
    except FileNotFoundError:
        raise BadModel(
            f"{path}: no model there; build one: gridvoice train DATA --out DIR"
        ) from None
    except (ValueError, KeyError) as error:
        raise BadModel(
            f"{path}: not a model file ({error}); build it again: gridvoice train"
        ) from None
    if raw.get("format") != _FORMAT or raw.get("lexicon") != lexicon_digest():
        raise BadModel(
            f"{path}: made for another lexicon or version; build it again: gridvoice train"
        )
    return Model(
        ngrams=tuple(raw["ngrams"].split("\n")) if raw["ngrams"] else (),
        near=tuple(zip(*raw["near"], strict=True)),
        wide=tuple(zip(*raw["wide"], strict=True)),
        facts={feature_number(k): tuple(v) for k, v in raw["facts"].items()},
        bias=tuple(raw["bias"]),
        calibration=tuple((a, b) for a, b in raw["calibration"]),
        trained_on=frozenset(joined[i : i + 12] for i in range(0, len(joined), 12)),
    )


def text_hash(compact_title: str, compact_text: str) -> str:
    """Which text a model was trained on: 12 hexadecimal digits of its folded spelling."""
    joined = f"{compact_title}\n{compact_text}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()[:12]


def lexicon_digest() -> str:
    """Changes when a concept or phrase changes: weights belong to one lexicon."""
    listed = json.dumps([concepts.NAMES, sorted(concepts.words().items())], ensure_ascii=False)
    return hashlib.sha256(listed.encode()).hexdigest()[:12]
