"""Both stages: the second is asked in doubt only, says so, and can be done without."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.encoder.encoder import HasVectors, NoEncoder, shipped
from pipeline.scorers import IRRELEVANT, names_of, open_scorer
from pipeline.scorers.features import BOARD, OPEN
from pipeline.scorers.heads import DEAD_BAND, above_line, load_heads
from pipeline.scorers.linear import OwnScorer
from pipeline.scorers.model_file import BadModel
from pipeline.scorers.score import Score
from pipeline.scorers.stages import TwoStages
from pipeline.scorers.views import view
from pipeline.text.normalise import squeeze

CLAUSES = (
    "又停了", "停电", "电压低", "供电局", "没人管", "我们小区", "宿舍", "电费", "谢谢", "请问",
    "变压器", "冰箱烧了", "通知", "明天", "太热了", "天天", "怎么办", ",", "!", "?",
)  # fmt: skip
POSTS = [
    f"{a}{b}{c}"
    for a in ("我们小区", "刚才")
    for b in ("停电了", "电线掉下来", "电费涨了")
    for c in (",没人管", ",正常吗", "哈哈", ",等通知", "")
]


@cache
def both() -> TwoStages:
    found = open_scorer("full")
    assert isinstance(found, TwoStages)
    return found


def fast() -> OwnScorer:
    return both().first


def doubtful(text: str) -> bool:
    read = fast().read(squeeze("", text), "weibo")
    return read is not None and both().doubts(read)


def score(text: str) -> Score:
    return both().score(squeeze("", text), "weibo")


def test_the_second_stage_speaks_in_doubt_only_and_says_so() -> None:
    asked = [t for t in POSTS if doubtful(t)]
    sure = [t for t in POSTS if not doubtful(t)]
    assert asked
    assert sure
    for text in sure:
        assert score(text) == fast().score(squeeze("", text), "weibo")
    for text in asked:
        found = score(text)
        assert found.scorer == names_of(both())[-1]
        if found.relevance != 0.05:  # settled by a rule
            assert [r for r in found.reasons if r.rule == "语义复核"], text
        assert len(found.reasons) <= 6


def test_names_tell_which_stage_spoke() -> None:
    first, full = names_of(both())
    assert first == fast().name == both().name
    assert full == f"{first}+{load_heads().name}"
    assert names_of(fast()) == (first,)
    assert score("天气真好") is IRRELEVANT


def _gone() -> HasVectors:
    raise NoEncoder("taken away by this test")


def _other() -> HasVectors:
    class Other:
        digest = "of another"

        def vector(self, text: str) -> object:
            raise AssertionError("nobody asks it")

    return Other()  # type: ignore[return-value]


@pytest.mark.parametrize("opened", [_gone, _other])
def test_without_its_encoder_the_first_stage_speaks_and_it_is_said_once(
    opened: object, caplog: pytest.LogCaptureFixture
) -> None:
    alone = TwoStages(fast(), load_heads(), opened)  # type: ignore[arg-type]
    with caplog.at_level(logging.WARNING, "gridvoice.scorers"):
        for text in POSTS:
            found = alone.score(squeeze("", text), "weibo")
            name = f"{fast().name}+e5?" if doubtful(text) else None
            assert found == replace(fast().score(squeeze("", text), "weibo"), scorer=name)
    assert [r.levelname for r in caplog.records] == ["WARNING"]


@pytest.mark.slow
def test_verdicts_hang_on_no_order_thread_or_process() -> None:
    once = [score(t) for t in POSTS]
    assert [score(t) for t in reversed(POSTS)] == once[::-1]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(score, POSTS)) == once
    code = (
        "import json, sys; from pipeline.text.normalise import squeeze;"
        "from pipeline.scorers import open_scorer; s = open_scorer('full');"
        "found = [s.score(squeeze('', t), 'weibo') for t in json.load(sys.stdin)];"
        "print(json.dumps([[x.complaint, x.relevance, x.negativity, x.scorer] for x in found]))"
    )
    for threads_given in ("1", "2"):
        given = {f"{name}_NUM_THREADS": threads_given for name in ("OMP", "OPENBLAS")}
        done = subprocess.run(
            [sys.executable, "-c", code], input=json.dumps(POSTS), capture_output=True, text=True,
            check=True, cwd=Path(__file__).parents[3], env={**given, "PATH": ""},
        )  # fmt: skip
        assert json.loads(done.stdout) == [
            [x.complaint, x.relevance, x.negativity, x.scorer] for x in once
        ]


@settings(max_examples=40, deadline=None)
@given(
    title=st.lists(st.sampled_from(CLAUSES), max_size=4).map("".join),
    text=st.lists(st.sampled_from(CLAUSES) | st.text(st.characters(), max_size=5), max_size=30).map(
        "".join
    ),
    channel=st.sampled_from([None, "weibo", "gov_board", "news"]),
)
def test_any_text_is_assessed(title: str, text: str, channel: str | None) -> None:
    found = both().score(squeeze(title, text), channel)
    assert 0 <= found.relevance <= 1
    assert found.relevant or not found.complaint
    assert (found.negativity is None) == (not found.relevant)


def test_a_letter_of_100_000_characters_is_read_near_its_trigger() -> None:
    long = "修路的事情说了很多次。" * 9_000 + "我们村电压太低,灯都不亮。" + "路灯问题。" * 3_000
    read = fast().reader.read(squeeze("村里的事", long), "gov_board")
    assert read is not None
    assert read.register == BOARD
    assert "电压太低" in view(read)
    assert len(view(read)) < 300
    talk = fast().reader.read(squeeze("", long), "weibo")
    assert talk is not None
    assert talk.register == OPEN
    assert "电压太低" in view(talk)
    assert len(view(talk)) <= 90
    both().score(squeeze("村里的事", long), "gov_board")


def test_too_near_to_the_line_the_first_stage_stands() -> None:
    assert above_line(0.3, 1.0, 1.0, 0.5) == pytest.approx(0.8)
    assert above_line(0.3, 0.2 + DEAD_BAND / 2, 1.0, 0.5) == 0.3
    assert above_line(-0.3, 0.8 - DEAD_BAND / 2, 1.0, 0.5) == -0.3


def test_the_heads_are_a_small_file_that_knows_its_shape(tmp_path: Path) -> None:
    heads = load_heads()
    heads.save(tmp_path / "a.json")
    assert load_heads(tmp_path / "a.json") == heads
    assert (tmp_path / "a.json").stat().st_size < 100_000
    for damaged in ("", "[]", "{}", (tmp_path / "a.json").read_text()[:-40]):
        (tmp_path / "b.json").write_text(damaged)
        with pytest.raises(BadModel):
            load_heads(tmp_path / "b.json")
    with pytest.raises(BadModel, match="no second stage"):
        load_heads(tmp_path / "none.json")
    assert shipped().digest == heads.encoder
