"""The model as a file: whole numbers and names in JSON, so that it is the same on any machine.

Weights are stored times 10,000; sums are sums of whole numbers and cannot depend on their order.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.assessments import Category
from pipeline.scorers import concepts
from pipeline.scorers.features import REGISTERS, feature_name, feature_number
from pipeline.text.misread import OTHER_WORDS
from pipeline.text.normalise import Squeezed

SCALE = 10_000
HEADS: tuple[str, ...] = ("relevant", "complaint", *(c.value for c in Category))
SHIPPED = Path(__file__).parent / "model" / "own.json"
_FORMAT = 2
_HASH = 12  # hexadecimal digits kept of a training text's digest


class BadModel(Exception):
    """A model file that this program cannot use; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The linear model of one register. Whole numbers (times SCALE), one column a head of HEADS.

    `near`: a row for each n-gram, divided by the square root of how many of the post's n-grams are
    known. `facts`: by feature number. `calibration`: (slope, offset) for each of the first two
    heads, times SCALE, of the logistic that turns a sum into a probability. `least`: the sum from
    which the head says yes.
    """

    near: tuple[tuple[int, ...], ...]
    facts: dict[int, tuple[int, ...]]
    bias: tuple[int, ...]
    calibration: tuple[tuple[int, int], ...] = ((SCALE, 0), (SCALE, 0))

    def as_json(self) -> dict[str, Any]:
        return {
            "bias": self.bias,
            "calibration": self.calibration,
            "facts": {feature_name(k): v for k, v in sorted(self.facts.items())},
            "near": list(zip(*self.near, strict=True)),
        }


@dataclass(frozen=True, slots=True)
class Model:
    """A register's weights each, over the same n-grams; `trained_on` are digests of its texts."""

    ngrams: tuple[str, ...]
    registers: tuple[Weights, ...]
    trained_on: frozenset[str] = frozenset()

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
                "ngrams": "\n".join(self.ngrams),
                "registers": {
                    name: weights.as_json()
                    for name, weights in zip(REGISTERS, self.registers, strict=True)
                },
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
    again = "build it again: gridvoice train DATA --out DIR"
    try:
        weights, texts = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
        raw: dict[str, Any] = json.loads(weights)
        if raw.get("format") != _FORMAT or raw.get("lexicon") != lexicon_digest():
            raise BadModel(f"{path}: made for another lexicon or version; {again}")
        joined: str = json.loads(texts)["trained_on"]
        return Model(
            ngrams=tuple(raw["ngrams"].split("\n")) if raw["ngrams"] else (),
            registers=tuple(_weights(raw["registers"][name]) for name in REGISTERS),
            trained_on=frozenset(joined[i : i + _HASH] for i in range(0, len(joined), _HASH)),
        )
    except FileNotFoundError:
        raise BadModel(f"{path}: no model there; {again}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadModel(f"{path}: not a model file ({error}); {again}") from None


def _weights(raw: dict[str, Any]) -> Weights:
    return Weights(
        near=tuple(zip(*raw["near"], strict=True)),
        facts={feature_number(k): tuple(v) for k, v in raw["facts"].items()},
        bias=tuple(raw["bias"]),
        calibration=tuple((int(a), int(b)) for a, b in raw["calibration"]),
    )


def text_hash(post: Squeezed) -> str:
    """Which text a model was trained on: some digits of the digest of its squeezed spelling."""
    return hashlib.sha256(post.text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]


def lexicon_digest() -> str:
    """Changes with a phrase or how it is read: weights belong to one lexicon."""
    listed = json.dumps(
        [
            concepts.NAMES,
            sorted(concepts.words().items()),
            OTHER_WORDS,
            sorted(concepts.DENIABLE),
            sorted(concepts.ASKABLE),
        ],
        ensure_ascii=False,
    )
    return hashlib.sha256(listed.encode()).hexdigest()[:12]
