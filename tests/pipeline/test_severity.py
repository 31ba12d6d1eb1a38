"""等级: cases of every level, what is denied or feared, quantities, reach, the incident's raise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from domain.assessments import Category, Severity
from domain.input.load import BadSettings, load_text
from pipeline.severity.rate import IncidentFacts, Rated, SeverityRules
from pipeline.severity.settings import SeveritySettings
from pipeline.text.normalise import squeeze
from pipeline.text.quantities import parse_number, quantities

CASES = [
    json.loads(line)
    for line in Path(__file__)
    .with_name("severity_cases.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
OUTAGE = Category.SUPPLY_QUALITY
LINES = Category.LINE_SAFETY


def rate(rules: SeverityRules, text: str, category: Category = OUTAGE) -> Rated:
    return rules.rate(squeeze("", text), category, 0.7)


def weights(rated: Rated) -> dict[str, float]:
    return {reason.rule: reason.weight for reason in rated.reasons}


@pytest.mark.parametrize("case", CASES, ids=[case["text"][:12] for case in CASES])
def test_a_complaint_gets_the_level_that_a_duty_officer_would_give(
    severity_rules: SeverityRules, case: dict[str, str]
) -> None:
    rated = severity_rules.rate(
        squeeze("", case["text"]),
        Category(case["category"]),
        0.7,
        case.get("engagement"),  # type: ignore[arg-type]
    )
    assert rated.severity.value == case["level"], weights(rated)


def test_there_are_cases_of_every_level() -> None:
    levels = [case["level"] for case in CASES]
    assert len(levels) >= 40
    assert min(levels.count(level) for level in ("blue", "yellow", "orange", "red")) >= 10


def test_each_reason_stands_in_the_text_and_the_weights_make_the_score(
    severity_rules: SeverityRules,
) -> None:
    text = "小 區停電兩天，孩子老人都受不了，一百多户没人管"
    rated = severity_rules.rate(squeeze("求助", text), OUTAGE, 0.5)
    for reason in rated.reasons:
        if reason.field:
            assert text[reason.start : reason.end] == reason.text
        else:
            assert (reason.start, reason.end) == (0, 0)
    assert rated.score == pytest.approx(min(100, sum(weights(rated).values())))
    ordered = [reason.weight for reason in rated.reasons]
    assert ordered == sorted(ordered, reverse=True)


@pytest.mark.parametrize(
    "text",
    [
        "停电了，没有人员伤亡",
        "变压器跳闸，没有着火",
        "幸好无人受伤，就是停电",
        "未造成人员伤亡，停电一小时",
        "并未起火，只是停电",
    ],
)
def test_what_is_denied_does_not_count(severity_rules: SeverityRules, text: str) -> None:
    rated = rate(severity_rules, text)
    assert rated.severity is Severity.BLUE
    assert not {"有人受伤", "起火爆炸"} & set(weights(rated))


def test_what_is_feared_counts_for_a_share_and_raises_no_floor(
    severity_rules: SeverityRules,
) -> None:
    feared = rate(severity_rules, "电线老化，真怕着火", LINES)
    real = rate(severity_rules, "电线老化，昨晚着火了", LINES)
    assert weights(feared)["起火爆炸（顺带或可能）"] < weights(real)["起火爆炸"]
    assert feared.severity < Severity.ORANGE <= real.severity


def test_a_denial_reaches_no_further_than_its_clause(severity_rules: SeverityRules) -> None:
    rated = rate(severity_rules, "打电话没有用，变压器着火了")
    assert "起火爆炸" in weights(rated)


def test_far_down_a_long_letter_signs_count_for_less(severity_rules: SeverityRules) -> None:
    filler = "我们小区的绿化也不好，" * 60
    assert (
        rate(severity_rules, f"停电。{filler}还着火了").score
        < rate(severity_rules, f"停电，还着火了。{filler}").score
    )


@pytest.mark.parametrize(
    ("text", "measure", "amount"),
    [
        ("停电三天了", "hours", 72),
        ("已经停了12个小时", "hours", 12),
        ("停电两天两夜", "hours", 48),
        ("停了一星期", "hours", 168),
        ("一百二十多户没电", "households", 120),
        ("上千户居民", "households", 1000),
        ("5000余户", "households", 5000),
        ("第三次投诉", "times", 3),
        ("打了十几次电话", "times", 13),
        ("电压低两年了", "years", 2),
        ("等了六个月", "years", 0.5),
    ],
)
def test_quantities_are_read_in_digits_and_in_words(text: str, measure: str, amount: float) -> None:
    assert (measure, pytest.approx(amount)) in [(q.measure, q.amount) for q in quantities(text)]


@pytest.mark.parametrize(
    "text", ["三天两头停电", "一天停三次", "这两天", "2015年", "三天前停电", "每天", "九几年架的线"]
)
def test_rates_dates_and_manners_of_speaking_are_no_duration(text: str) -> None:
    assert not [q for q in quantities(text) if q.measure in ("hours", "years")]


def test_numbers_in_words() -> None:
    written = ["两千三百", "十五", "一万二千", "百", "几十", "半", "三五", "〇"]
    assert [parse_number(text) for text in written] == [2300, 15, 12000, 100, 30, 0.5, 5, 0]


def test_a_duration_counts_only_beside_an_outage(severity_rules: SeverityRules) -> None:
    assert "停电时间" in weights(rate(severity_rules, "停电三天了"))
    assert "停电时间" not in weights(rate(severity_rules, "孩子感冒三天了，昨晚又停电，烦"))


def test_figures_that_nobody_can_believe_count_for_nothing(severity_rules: SeverityRules) -> None:
    plain = rate(severity_rules, "停电三天没人管")
    for value in (10**400, -5, float("nan"), float("inf"), "很多", None, True, [1], 10**13):
        odd = {"likes": value, "reposts": value}
        rated = severity_rules.rate(squeeze("", "停电三天没人管"), OUTAGE, 0.7, odd)  # type: ignore[arg-type]
        assert rated == plain, value
        facts = IncidentFacts(plain.severity, plain.score, engagement=odd)  # type: ignore[arg-type]
        assert severity_rules.rate_incident(facts).score == plain.score, value


def test_reach_raises_by_its_logarithm(severity_rules: SeverityRules) -> None:
    post = squeeze("", "又停电了")
    scores = [
        severity_rules.rate(post, OUTAGE, 0.5, {"reposts": reposts}).score
        for reposts in (0, 5, 50, 500, 5000, 50000)
    ]
    assert scores == sorted(scores)
    assert scores[0] == scores[1] < scores[2] < scores[3]
    assert scores[4] == scores[5]


def test_an_incident_is_raised_by_writers_channels_and_speed(
    severity_rules: SeverityRules,
) -> None:
    alone = severity_rules.rate_incident(IncidentFacts(Severity.BLUE, 24.0))
    assert (alone.severity, alone.score, alone.reasons) == (Severity.BLUE, 24.0, ())
    grown = severity_rules.rate_incident(
        IncidentFacts(Severity.BLUE, 24.0, posts=12, writers=10, channels=3, velocity=9)
    )
    assert grown.severity >= Severity.YELLOW
    assert {reason.rule for reason in grown.reasons} == {"多人反映", "跨渠道", "增长迅速"}


def test_an_incident_never_falls_below_its_gravest_post(severity_rules: SeverityRules) -> None:
    rated = severity_rules.rate_incident(IncidentFacts(Severity.RED, 40.0))
    assert rated.severity is Severity.RED


def test_without_a_complaint_there_is_no_level(severity_rules: SeverityRules) -> None:
    rated = severity_rules.rate_incident(IncidentFacts(Severity.NONE, 0.0, posts=500, writers=400))
    assert (rated.severity, rated.score) == (Severity.NONE, 0.0)


def test_a_sign_that_is_not_there_and_falling_levels_are_named_by_line(config_dir: Path) -> None:
    text = (config_dir / "severity.yaml").read_text(encoding="utf-8")
    wrong = text.replace("signs: [oxygen, outage]", "signs: [oxigen, outage]").replace(
        "orange: 65", "orange: 25"
    )
    with pytest.raises(BadSettings) as caught:
        load_text(wrong, SeveritySettings, "severity.yaml")
    messages = [str(problem) for problem in caught.value.problems]
    assert any("须依 yellow、orange、red 递增" in message for message in messages)
    only_sign = text.replace("signs: [oxygen, outage]", "signs: [oxigen, outage]")
    with pytest.raises(BadSettings, match="没有险情词 'oxigen'"):
        load_text(only_sign, SeveritySettings, "severity.yaml")
