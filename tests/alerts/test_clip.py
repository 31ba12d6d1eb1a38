"""What is cut: at its limit, just beyond it, and where a character has marks of its own."""

from __future__ import annotations

from alerts.notice.clip import clip, clip_bytes, clip_lines

MARKED = "e\u0301\u0302"  # one character to a reader


def test_characters_are_counted_and_the_last_is_the_ellipsis() -> None:
    assert clip("停电三天", 4) == "停电三天"
    assert clip("停电三天了", 4) == "停电三…"
    assert clip("停电", 1) == "…"
    assert clip(f"ab{MARKED}c", 5) == "ab…", "no mark is torn off its letter"
    assert clip(f"ab{MARKED}cd", 6) == f"ab{MARKED}…"
    assert clip(f"{MARKED}cd", 3) == "…"
    assert clip("abe\u0301cd", 4) == "ab…", "and no letter more is lost"


def test_bytes_are_counted_in_whole_characters() -> None:
    assert clip_bytes("停电三", 9) == "停电三"
    assert clip_bytes("停电三天", 11) == "停电…"
    assert clip_bytes("停电三天", 9) == "停电…"
    assert clip_bytes("停电三天", 8) == "停…"
    assert (clip_bytes("停电三天", 3), clip_bytes("停电三天", 2)) == ("…", "")
    assert clip_bytes(f"ab{MARKED}cd", 8) == "ab…"
    assert clip_bytes("停\ud83d电", 7) == "停?电"
    assert clip_bytes("\ud83d" * 9, 8) == "?????…"


def test_the_first_and_last_lines_stay_and_the_middle_gives_way() -> None:
    whole = "号\n题\n一\n二\n三\n链"
    size = len(whole.encode())
    assert clip_lines(whole, size) == whole
    for less in range(1, 5):
        assert clip_lines(whole, size - less) == "号\n题\n一\n二\n链", less
    assert clip_lines(whole, size - 5) == "号\n题\n一\n链"
    assert clip_lines(whole, 11) == "号\n题\n链"
    # A line of which something worth reading fits is cut; of one that fits hardly, nothing stays.
    long = "号\n题\n" + "停" * 20 + "\n链"
    assert clip_lines(long, 11 + 31) == "号\n题\n" + "停" * 9 + "…\n链"
    assert clip_lines(long, 11 + 30) == "号\n题\n链"
    assert clip_lines(long, 11 + 60) == "号\n题\n" + "停" * 18 + "…\n链"
    assert clip_lines(long, 11 + 61) == long
    # Where not even those fit, the first ones are cut.
    assert clip_lines("一二三四\n题\n中\n链", 13) == "一二…\n链"
    assert clip_lines("一二三四五六", 9) == "一二…"


def test_how_many_lines_stay_can_be_said() -> None:
    assert clip_lines("号\n题\n一\n二\n链", 11, head=1, tail=2) == "号\n二\n链"
    assert clip_lines("号\n题\n链", 7, head=1, tail=1) == "号\n链"
