"""Numbers in Chinese text: what each is read as, and what is none."""

from __future__ import annotations

import pytest

from pipeline.text.quantities import Quantity, parse_number, quantities


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("12", 12), ("1.5", 1.5), ("零", 0), ("〇", 0), ("三", 3), ("两", 2), ("几", 3), ("数", 3),
        ("半", 0.5), ("十", 10), ("十五", 15), ("二十", 20), ("九十九", 99), ("一百零五", 105),
        ("一百二十", 120), ("三千五百", 3500), ("一万", 10_000), ("万", 10_000),
        ("一万二千", 12_000), ("十二万", 120_000), ("两万五千三百零一", 25_301), ("几百", 300),
        ("三五", 5), ("三半", None), ("百分", None),
    ],
)  # fmt: skip
def test_a_number_is_read_in_figures_and_in_words(written: str, number: float | None) -> None:
    assert parse_number(written) == number


@pytest.mark.parametrize(
    ("text", "measure", "amount"),
    [
        ("停电3小时", "hours", 3), ("停电两个小时", "hours", 2), ("停电五个钟头", "hours", 5),
        ("停电三天", "hours", 72), ("停电一整天", "hours", 24), ("两昼夜", "hours", 48),
        ("停了两夜", "hours", 20), ("停了一晚", "hours", 10), ("停了一晚上", "hours", 10),
        ("停了一周", "hours", 168), ("停了两个星期", "hours", 336), ("一个礼拜", "hours", 168),
        ("低电压三个月", "years", 0.25), ("低电压三个多月", "years", 0.25), ("六十年", "years", 60),
        ("100多户", "households", 100), ("二百余户", "households", 200), ("第三次", "times", 3),
        ("投诉五回", "times", 5), ("打了十来遍", "times", 10),
    ],
)  # fmt: skip
def test_an_amount_has_its_measure(text: str, measure: str, amount: float) -> None:
    (found,) = quantities(text)
    assert (found.measure, found.amount) == (measure, pytest.approx(amount))
    assert text[found.start : found.end] == text[found.start :]


@pytest.mark.parametrize(
    "text",
    [
        "61年", "八几年", "九几年", "2026年", "近三天", "这三天", "每三天", "头三天", "第三天",
        "三天两头停电", "一天到晚", "三天前", "三天之内", "三天内", "三天后",
        "一天三次", "一天停电三次", "半半年", "三五",
    ],
)  # fmt: skip
def test_a_date_a_rate_or_a_manner_of_speaking_is_no_duration(text: str) -> None:
    assert not [q for q in quantities(text) if q.measure in ("hours", "years")]


def test_only_the_beginning_is_read_and_each_once() -> None:
    text = "停电三天，昨晚两小时"
    assert list(quantities(text)) == [Quantity("hours", 72, 2, 4), Quantity("hours", 2, 7, 10)]
    assert list(quantities(text, 9)) == [Quantity("hours", 72, 2, 4)]
    assert len(list(quantities("停" * 998 + "三天"))) == 1
    assert list(quantities("停" * 999 + "三天")) == []
