"""The encoder: multilingual-e5-small in 4-bit weights, computed in 32-bit floats by onnxruntime.

Its file (made by `tools/make_encoder.py`) is a plain archive of arrays: the pieces and their
scores, the embeddings of positions, the network as an ONNX graph, and embeddings and weights as
4-bit numbers (`NAME.blocks`) with a scale for each 32 (`NAME.scales`). One text is read at a time
on the thread that asks: a vector depends on nothing but its text, so that neither threads nor
batches change a verdict.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.encoder.pieces import Pieces

SHIPPED = Path(__file__).parent / "model" / "e5-zh.npz"
WIDTH = 384
MOST_PIECES = 256  # of a text: its positions end there
_DIGEST = 12  # hexadecimal digits kept of the file's digest
Vector = NDArray[np.float32]


class HasVectors(Protocol):
    """What gives vectors: the encoder, or what it read before. `digest` tells whose they are."""

    @property
    def digest(self) -> str: ...

    def vector(self, text: str) -> Vector: ...


class NoEncoder(Exception):
    """The encoder cannot be used here; the text says why and what to do."""


class Encoder:
    """Reads texts. Safe to share between threads. About 170 MB."""

    def __init__(self, path: Path = SHIPPED) -> None:
        """Raises NoEncoder where the file or the runtime is missing or damaged."""
        try:
            import onnxruntime
        except ImportError as missing:
            raise NoEncoder(f"onnxruntime 不可用 ({missing})") from None
        try:
            self.digest = digest_of(path)
            with path.open("rb") as raw, np.load(raw) as file:
                spelt = file["pieces"].tobytes().decode("utf-8").split("\n")
                self._pieces = Pieces(spelt, file["scores"].tolist())
                self._words: NDArray[np.uint8] = file["words.blocks"]
                self._scales: NDArray[np.float16] = file["words.scales"]
                self._positions: Vector = file["positions"]
                self._session, self._weights = _session(onnxruntime, file)
        except Exception as problem:  # whatever a damaged file makes reader or runtime raise
            raise NoEncoder(f"{path.name}: {type(problem).__name__}: {problem}") from None

    def vector(self, text: str) -> Vector:
        """The meaning of a text: WIDTH numbers, of length 1. Any text at all; what lies behind its
        first MOST_PIECES pieces is not read."""
        numbers = self._pieces.numbers(text[: 4 * MOST_PIECES], MOST_PIECES)
        embedded = _unpacked(self._words[numbers], self._scales[numbers])
        embedded += self._positions[: len(numbers)]
        (found,) = self._session.run(None, {"embedded": embedded[None]})
        vector: Vector = found[0]
        return vector

    def vectors(self, texts: Iterable[str]) -> Vector:
        """As `vector`, a row a text."""
        rows = [self.vector(text) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(rows), WIDTH)


def _session(runtime: Any, file: Any) -> tuple[Any, list[Vector]]:
    """The network, ready to run on the caller's thread alone, and its weights, which must live as
    long: the runtime reads them where they lie."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep what the longest text once needed
    options.log_severity_level = 3
    names = [n.removesuffix(".blocks") for n in file.files if n.endswith(".blocks")]
    names.remove("words")
    weights = [
        np.ascontiguousarray(_unpacked(file[f"{n}.blocks"], file[f"{n}.scales"]).T) for n in names
    ]
    values = [runtime.OrtValue.ortvalue_from_numpy(w) for w in weights]
    options.add_external_initializers(names, values)
    session = runtime.InferenceSession(
        file["graph"].tobytes(), options, providers=["CPUExecutionProvider"]
    )
    return session, weights


def _unpacked(blocks: NDArray[np.uint8], scales: NDArray[np.float16]) -> Vector:
    """(rows, blocks, 16) bytes of two numbers around 8 each, times the scale of their block →
    (rows, columns): exact."""
    plain = np.stack([blocks & 15, blocks >> 4], axis=-1).astype(np.float32) - 8
    plain = plain.reshape(*blocks.shape[:2], -1) * scales.astype(np.float32)[..., None]
    found: Vector = plain.reshape(len(blocks), -1)
    return found


def digest_of(path: Path) -> str:
    """The first digits of a file's SHA-256. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:_DIGEST]


def is_here() -> bool:
    """Whether file and runtime seem to be there; a quick look that loads neither."""
    return SHIPPED.is_file() and find_spec("onnxruntime") is not None


_loading = Lock()


def shipped() -> Encoder:
    """The encoder in the package, loaded when first asked for (about 0.3 s), once a process.
    Raises NoEncoder."""
    with _loading:  # whoever asks meanwhile waits, rather than loading a second one
        return _shipped()


@cache
def _shipped() -> Encoder:
    return Encoder()
