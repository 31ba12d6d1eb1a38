"""What is wrong, in words: many alike are one, and the gravest comes first."""

from __future__ import annotations

import errno

import pytest

from domain.trouble import Trouble, folded, os_trouble


def source(name: str, what: str = "读不到", *, alarm: bool = False) -> Trouble:
    return Trouble(f"source:{name}", what, "检查网址", alarm=alarm, subject=name)


def test_a_trouble_is_told_in_a_line() -> None:
    assert source("市长信箱").line == "读不到：市长信箱。"
    assert Trouble("disk", "磁盘已满。", "清理").line == "磁盘已满。"
    assert (source("a:b").kind, Trouble("disk", "x", "y").kind) == ("source", "disk")


@pytest.mark.parametrize(
    ("names", "shown"),
    [("a", "a"), ("ab", "a、b"), ("abc", "a、b、c"), ("abcd", "a、b、c 等 4 个")],
)
def test_what_befell_many_is_one_trouble_that_names_the_first(names: str, shown: str) -> None:
    (one,) = folded(map(source, names))
    assert (one.subject, one.key) == (shown, "source:a")


def test_only_what_is_alike_is_told_as_one() -> None:
    others = [
        source("a"), source("b", "改版"), Trouble("disk", "满", "x"), Trouble("clock", "满", "x"),
        Trouble("channel:a", "读不到", "x", subject="a"),
    ]  # fmt: skip
    assert folded(others) == others
    assert folded([]) == []


def test_one_alarm_among_many_makes_them_an_alarm() -> None:
    assert [t.alarm for t in folded([source("a"), source("b", alarm=True)])] == [True]
    assert [t.alarm for t in folded([source("a"), source("b")])] == [False]


def test_the_gravest_comes_first_and_the_others_keep_their_order() -> None:
    calm, alarm = Trouble("a", "", ""), Trouble("b", "", "", alarm=True)
    blocks, both = Trouble("c", "", "", blocks=True), Trouble("d", "", "", True, True)
    second = Trouble("e", "", "")
    assert folded([calm, second, alarm, blocks, both]) == [both, blocks, alarm, calm, second]


def test_a_failure_of_the_machine_is_said_in_chinese_as_far_as_we_can() -> None:
    assert os_trouble(OSError(errno.ENOSPC, "No space left")) == "磁盘已满"
    assert os_trouble(OSError(errno.EXDEV, "Invalid cross-device link")).startswith("Invalid")
    assert os_trouble(OSError("just words")) == "just words"
