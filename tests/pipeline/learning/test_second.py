"""The second stage taught: the same posts, the same heads; a line that no single post decides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.encoder.encoder import WIDTH, Vector
from pipeline.learning.labels import Example
from pipeline.learning.second import Heard, SecondSettings, Seen, choose, fit_heads, fused, see
from pipeline.learning.synthetic import voices
from pipeline.learning.vectors import Vectors
from pipeline.scorers.features import Reader

BAND = SecondSettings().band


class Counting:
    """Vectors out of a text's length; counts how often it is asked."""

    def __init__(self) -> None:
        self.digest = "0" * 12
        self.asked = 0

    def vector(self, text: str) -> Vector:
        self.asked += 1
        return np.full(WIDTH, len(text) / 100, dtype=np.float32)


def example(number: int, complaint: bool) -> Example:
    return Example(str(number), "", f"停电{number}", "weibo", True, complaint, None, "g")


def seen(size: int = 60) -> list[Seen]:
    chance = np.random.RandomState(1)
    rows = chance.normal(size=(size, 16)).astype(np.float32)  # narrow: the solver is the same
    return [Seen(example(i, bool(row[0] > 0)), i % 2, row) for i, row in enumerate(rows)]


def test_a_vector_is_computed_once_and_kept(tmp_path: Path) -> None:
    first = Counting()
    rows = Vectors(first, tmp_path).vectors(["停电", "电费高", "停电"])
    assert first.asked == 2
    second = Counting()
    again = Vectors(second, tmp_path).vectors(["停电", "停电", "电费高"])
    assert np.array_equal(again, rows[[0, 2, 1]])
    assert second.asked == 0
    assert Vectors(second, None).vectors([]).shape == (0, WIDTH)


def test_only_what_speaks_of_electricity_is_read() -> None:
    examples = [
        *voices(each=1)[:20],
        Example("x", "", "天气真好", "weibo", False, False, None, "g"),
    ]
    encoder = Counting()
    found = see(examples, Vectors(encoder, None), Reader())
    assert id(examples[-1]) not in found
    assert encoder.asked <= len(found) <= 20


def test_heads_are_the_same_in_any_order_and_learn() -> None:
    posts = seen()
    heads = fit_heads(posts, SecondSettings(strength=1.0))
    for again in (posts, posts[::-1]):
        for one, other in zip(heads, fit_heads(again, SecondSettings(strength=1.0)), strict=True):
            assert np.array_equal(one, other)
    for post in posts:
        said = heads[post.register][1] @ np.append(post.vector, 1.0)
        assert (said > 0) == post.example.complaint


def heard(first: float, encoder: float, complaint: bool) -> Heard:
    return Heard(complaint, complaint, (first, first), (encoder, encoder))


def test_the_line_is_chosen_in_the_middle_of_what_is_good() -> None:
    posts = [heard(-1.0, 2.0, True)] * 9 + [heard(1.0, -2.0, False)] * 9
    share, line = choose(posts, SecondSettings())
    assert all((fused(h, share, line, BAND)[1] > 0) == h.complaint for h in posts)
    assert share >= 0.75, "half a share would leave both on the line"
    assert choose([heard(1.0, -2.0, False)], SecondSettings()) == (0.0, 0.0)


@pytest.mark.parametrize("first", [-3.5, 2.5])
def test_outside_the_band_the_first_stage_stands(first: float) -> None:
    assert fused(heard(first, 9.0, True), 2.0, 0.0, BAND) == (first, first)
