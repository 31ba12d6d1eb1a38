"""The second stage's heads as a file: what the encoder's vectors say, and how much that counts.

Whole numbers times SCALE, as the first stage's. The file names the encoder that it was fitted on:
with another one its numbers would mean nothing.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.encoder.encoder import WIDTH, Vector
from pipeline.scorers.features import REGISTERS
from pipeline.scorers.model_file import SCALE, SHIPPED, BadModel

HEADS_NAME = "second.json"
SHIPPED_HEADS = SHIPPED.with_name(HEADS_NAME)
_FORMAT = 1
_ROUNDED = 2  # decimals of the encoder's log-odds: far more than machines differ by (5e-6)
DEAD_BAND = 0.01  # so near to its line a sum says nothing: the first stage's word stands


@dataclass(frozen=True, slots=True)
class RegisterHeads:
    """The second stage of one register; whole numbers, times SCALE.

    `weights` and `bias`: of the heads relevant and complaint. `share`: what the encoder's log-odds
    count beside the first stage's. `line`: the sum from which a head says yes. `slopes`: how steep
    the logistic is that turns what lies above the line into a probability, by head.
    """

    weights: tuple[tuple[int, ...], tuple[int, ...]]
    bias: tuple[int, int]
    share: int
    line: int
    slopes: tuple[int, int]

    def matrix(self) -> NDArray[np.float64]:
        """(2, width + 1): weights and bias of both heads, as numbers."""
        return np.column_stack([np.array(self.weights), np.array(self.bias)]) / SCALE


@dataclass(frozen=True, slots=True)
class Heads:
    """`band`: the first stage's relevance sums (times SCALE) between which the second is asked."""

    encoder: str
    band: tuple[int, int]
    registers: tuple[RegisterHeads, ...]

    @property
    def name(self) -> str:
        """`e5-` and the first eight digits of the digest of all of it."""
        return "e5-" + hashlib.sha256(self._text().encode()).hexdigest()[:8]

    def _text(self) -> str:
        content = {
            "format": _FORMAT,
            "encoder": self.encoder,
            "band": self.band,
            "registers": {
                name: asdict(heads) for name, heads in zip(REGISTERS, self.registers, strict=True)
            },
        }
        return json.dumps(content, separators=(",", ":"))

    def save(self, path: Path) -> None:
        """The same heads give the same bytes."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._text() + "\n", encoding="utf-8")


def load_heads(path: Path = SHIPPED_HEADS) -> Heads:
    """Raises BadModel when the file is missing or damaged."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["format"] != _FORMAT:
            raise BadModel(f"{path}: made for another version")
        return Heads(
            encoder=str(raw["encoder"]),
            band=(int(raw["band"][0]), int(raw["band"][1])),
            registers=tuple(_register(raw["registers"][name]) for name in REGISTERS),
        )
    except FileNotFoundError:
        raise BadModel(f"{path}: no second stage there") from None
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise BadModel(f"{path}: not a file of the second stage ({error})") from None


def _register(raw: dict[str, Any]) -> RegisterHeads:
    relevant, complaint = (tuple(map(int, weights)) for weights in raw["weights"])
    bias, slopes = raw["bias"], raw["slopes"]
    if not len(relevant) == len(complaint) == WIDTH:
        raise ValueError(f"{len(relevant)} and {len(complaint)} weights instead of {WIDTH}")
    return RegisterHeads(
        weights=(relevant, complaint),
        bias=(int(bias[0]), int(bias[1])),
        share=int(raw["share"]),
        line=int(raw["line"]),
        slopes=(int(slopes[0]), int(slopes[1])),
    )


def encoder_log_odds(matrix: NDArray[np.float64], vector: Vector) -> tuple[float, float]:
    """What a vector says of relevance and complaint, rounded, so that machines agree."""
    relevant, complaint = matrix[:, :-1] @ vector.astype(np.float64) + matrix[:, -1]
    return round(float(relevant), _ROUNDED), round(float(complaint), _ROUNDED)


def lines(line: float) -> tuple[float, float]:
    """The lines of relevant and complaint. A low one finds more that is about supply; it makes no
    complaint of what is merely told."""
    return line, max(line, 0.0)


def above_line(first: float, encoder: float, share: float, line: float) -> float:
    """How far both stages' log-odds together lie above the line; the first's own (above 0) where
    that is too near to tell."""
    both = first + share * encoder - line
    return first if abs(both) < DEAD_BAND else both
