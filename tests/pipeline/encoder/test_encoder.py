"""The encoder: any text gives a vector, always the same, and what is missing is said."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.encoder import encoder as encoders
from pipeline.encoder.encoder import MOST_PIECES, SHIPPED, WIDTH, Encoder, NoEncoder, digest_of
from pipeline.encoder.pieces import END, START, UNKNOWN, Pieces
from pipeline.scorers.heads import load_heads

ROOT = Path(__file__).resolve().parents[3]
ODD = (
    "",
    " ",
    "\u2581",
    "\x00停电\x00",
    "\ufdfa" * 50,
    "\ud800停电\udfff",
    "<s></s><unk><pad>",
    "\U0010ffff\u202e\u0301" * 40,
    "😭" * 300,
    "电" * 100_000,
    "\n".join("停电"),
)
SAID = ("停电三天了没人管", "电费怎么这么高", "这场电影真好看", "变压器冒烟了,快来人啊!")


@cache
def encoder() -> Encoder:
    return encoders.shipped()


def is_unit(vector: object) -> bool:
    found = np.asarray(vector)
    return found.shape == (WIDTH,) and abs(float(np.linalg.norm(found)) - 1) < 1e-4


def test_odd_texts_have_vectors_too() -> None:
    for text in ODD:
        assert is_unit(encoder().vector(text)), repr(text[:20])


@settings(max_examples=25)
@given(text=st.text(st.characters(), max_size=400))
def test_any_text_has_a_vector(text: str) -> None:
    assert is_unit(encoder().vector(text))


def test_meaning_is_near_and_far() -> None:
    cut, again, film = encoder().vectors(
        ["小区停电了没人管", "我们这又断电了,无人处理", "昨晚的电影真好看"]
    )
    assert cut @ again > cut @ film


def test_a_vector_hangs_on_nothing_but_its_text() -> None:
    once = encoder().vectors(SAID)
    turned = encoder().vectors(SAID[::-1])[::-1]
    with ThreadPoolExecutor(4) as threads:
        at_once = list(threads.map(encoder().vector, SAID * 3))
    assert np.array_equal(once, turned)
    for number, vector in enumerate(at_once):
        assert np.array_equal(vector, once[number % len(SAID)])
    assert np.array_equal(Encoder().vectors(SAID[:1]), once[:1])


def test_the_heads_were_fitted_on_the_encoder_that_ships() -> None:
    assert load_heads().encoder == encoder().digest == digest_of(SHIPPED)


def test_a_missing_or_damaged_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoEncoder, match="FileNotFoundError"):
        Encoder(tmp_path / "none.npz")
    cut = tmp_path / "cut.npz"
    cut.write_bytes(SHIPPED.read_bytes()[:100_000])
    with pytest.raises(NoEncoder, match=r"cut\.npz"):
        Encoder(cut)


def test_the_likeliest_pieces_are_taken_and_the_unknown_is_one() -> None:
    pieces = Pieces(
        ["<s>", "</s>", "<unk>", "\u2581query:\u2581", "停", "电", "停电", "了"],
        [0, 0, 0, -1, -3, -3, -4, -2],
    )
    assert pieces.numbers("停电了", 99) == [START, 3, 6, 7, END]
    assert pieces.numbers("電壓了", 99) == [START, 3, UNKNOWN, 7, END]
    assert pieces.numbers("停电了" * 9, 5) == [START, 3, 6, 7, END]
    assert len(encoder()._pieces.numbers("停一" * 1000, MOST_PIECES)) == MOST_PIECES


def test_both_stages_need_less_than_500_mb_and_nothing_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from gridvoice.settings.assessing import open_assessor;"
        "from pipeline.assess import PostText;"
        "a = open_assessor(Path('config'), 'full');"
        "a.assess(PostText('', '今天天气真好')); a.assess(PostText('', '手机没电了'));"
        "assert 'onnxruntime' not in sys.modules, 'loaded too early';"
        "from pipeline.encoder.encoder import shipped; shipped().vector('停电了' * 100);"
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 500_000  # kB


def test_the_file_is_what_its_tool_makes() -> None:
    """The tool's note of what it made; to make it anew it needs the package."""
    made = (ROOT / "tools" / "make_encoder.py").read_text(encoding="utf-8")
    assert digest_of(SHIPPED) in made
