"""What an event was written for is written and read in one place."""

from __future__ import annotations

import pytest

from domain.incidents.events import Cause


@pytest.mark.parametrize(
    ("cause", "written", "post_id"),
    [
        (Cause.post(7, 9), "post:7:9", 7),
        (Cause.timer(3), "timer:3", None),
        (Cause.correction(4), "correction:4", None),
        (Cause.opinion(9, "llm:small:1"), "opinion:9:llm:small:1", None),
    ],
)
def test_a_cause_comes_back_as_it_was_written(
    cause: Cause, written: str, post_id: int | None
) -> None:
    assert str(cause) == written
    assert str(Cause.read(written)) == written
    assert Cause.read(written).post_id == cause.post_id == post_id


@pytest.mark.parametrize(
    "written", ["", "post", "post:", "post:x", "timer:2026-11-24T05:47:00+00:00"]
)
def test_what_an_older_version_wrote_is_read_too(written: str) -> None:
    assert str(Cause.read(written)) == written
    assert Cause.read(written).post_id is None


def test_each_act_is_another_cause() -> None:
    assert Cause.act() != Cause.act()
