"""The encoder's vectors of texts, computed once and kept in a file beside the data.

The encoder never changes, so a text's vector is known by its digest for good: a second training
reads it back. The file's name holds the encoder's digest.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.encoder.encoder import WIDTH, HasVectors, Vector

_KEY = 16  # bytes of a text's digest
_AT_ONCE = 1000  # texts between two savings: who is interrupted goes on from there


class Vectors:
    """Vectors by text. `folder`: where they are kept; None: nowhere."""

    def __init__(self, encoder: HasVectors, folder: Path | None) -> None:
        self._encoder = encoder
        self.digest = encoder.digest
        self._file = folder / f"gridvoice.vectors-{encoder.digest}.npz" if folder else None
        self._known: dict[bytes, Vector] = {}
        if self._file is not None and self._file.is_file():
            with np.load(self._file) as kept:
                keys: NDArray[np.uint8] = kept["keys"]
                self._known = dict(zip(map(bytes, keys), kept["vectors"], strict=True))

    def vector(self, text: str) -> Vector:
        """As the encoder's; read back where it is known."""
        found: Vector = self.vectors([text])[0]
        return found

    def vectors(self, texts: Sequence[str]) -> Vector:
        """A row a text."""
        keys = [_key(text) for text in texts]
        missing = {k: t for k, t in zip(keys, texts, strict=True) if k not in self._known}
        for number, (key, text) in enumerate(missing.items(), 1):
            self._known[key] = self._encoder.vector(text)
            if number % _AT_ONCE == 0:
                self._save()
                sys.stderr.write(f"vectors: {number} of {len(missing)}\n")
        if missing:
            self._save()
        rows = [self._known[key] for key in keys]
        return np.array(rows, dtype=np.float32).reshape(len(rows), WIDTH)

    def _save(self) -> None:
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        keys = sorted(self._known)
        part = self._file.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as out:
            np.savez(
                out,
                keys=np.frombuffer(b"".join(keys), np.uint8).reshape(-1, _KEY),
                vectors=np.array([self._known[k] for k in keys]),
            )
        part.replace(self._file)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_KEY]
