"""Dead hens are a loss of livestock and no death of a person; a person's death stays one."""

from __future__ import annotations

import pytest
from machine import grows_no_faster_than_its_input

from domain.assessments import Category, Severity
from domain.input.load import BadSettings, load_text
from pipeline.severity.rate import Rated, SeverityRules
from pipeline.severity.settings import SeveritySettings
from pipeline.text.normalise import squeeze

DEATH, LIVESTOCK, CROPS = "有人死亡", "禽畜水产死亡", "庄稼苗木受损"


def rate(rules: SeverityRules, text: str, title: str = "") -> Rated:
    return rules.rate(squeeze(title, text), Category.SUPPLY_QUALITY, 0.7)


def told(rated: Rated) -> set[str]:
    """Which of the three are told, feared ones too."""
    rules = {reason.rule.removesuffix("（顺带或可能）") for reason in rated.reasons}
    return rules & {DEATH, LIVESTOCK, CROPS}


@pytest.mark.parametrize(
    "text",
    [
        "张潘镇鱼塘停电，增氧机停了，鱼死亡三千斤",
        "停电导致蛋鸡死亡两千只，没人管",
        "停电四个钟头，一千多只鸡热死了，谁赔我",
        "造成增氧泵烧坏，池中鲈鱼死亡约四百斤",
        "池水降到零下，苗种死亡过半",
        "菜市场每天停电数次，海鲜死亡，摊主损失较大",
        "羊群躲雨时被掉下的电线电到，38只死亡",
        "养殖户的3万只鸡因断电闷死",
        "停电一夜，闷死6000只鸡",
        "夜里断过电，保温灯灭了，死了四十多只",
        "停电后死亡生猪三十头",
        "他的三口塘死了一万四千斤鱼",
        "電線掉下來，牛電死了兩頭",
        "鱼缸停了，鱼也死了",
        "一停电就翻塘",
    ],
)
def test_animals_are_livestock(severity_rules: SeverityRules, text: str) -> None:
    rated = rate(severity_rules, text)
    assert told(rated) == {LIVESTOCK}
    assert Severity.YELLOW <= rated.severity < Severity.RED
    (reason,) = [one for one in rated.reasons if one.rule == LIVESTOCK]
    assert text[reason.start : reason.end] == reason.text


@pytest.mark.parametrize(
    "text",
    [
        "没电抽水，三百亩玉米面临绝收",
        "水泵烧坏，庄稼旱死",
        "加温设备全停，一棚黄瓜苗冻死",
        "停电开不了防霜风机，葡萄芽全冻死",
        "停水停电，秧苗死亡二十亩",
    ],
)
def test_plants_are_crops(severity_rules: SeverityRules, text: str) -> None:
    rated = rate(severity_rules, text)
    assert told(rated) == {CROPS}
    assert rated.severity < Severity.RED


@pytest.mark.parametrize(
    "text",
    [
        "变压器漏电，村民触电死亡",
        "养鸡户触电身亡",
        "养鸡户死亡",
        "男子私设电网捕野猪致人死亡",
        "养猪的老王死亡",
        "人和牛都电死了",
        "老王家的牛和人都电死",
        "电线掉下来，电死一头牛和一个人",
        "线断了，死亡三人",
        "线断了，造成两人死亡，鱼死亡三百斤",
        "去鱼塘边钓鱼触电死亡一名",
        "钓鱼的人碰到高压线死亡",
        "一只手碰到电线，死亡",
        "钓鱼触电死亡",
        "放羊死亡",
        "喂猪时电死",
        "高压线断了，死了人",
    ],
)
def test_where_a_person_may_be_meant_a_death_stays_one(
    severity_rules: SeverityRules, text: str
) -> None:
    rated = rate(severity_rules, text)
    assert DEATH in told(rated), [r.rule for r in rated.reasons]
    assert rated.severity is Severity.RED


@pytest.mark.parametrize(
    "text",
    [
        "热死了，又停电",
        "停电了冻死人",
        "路上堵死了三小时",
        "电话那头死了一样没声音",
        "楼道门锁死了",
    ],
)
def test_ways_of_speaking_are_no_loss(severity_rules: SeverityRules, text: str) -> None:
    assert told(rate(severity_rules, text)) == set()


def test_a_feared_loss_counts_for_a_share(severity_rules: SeverityRules) -> None:
    feared = rate(severity_rules, "再停下去怕鸡热死")
    real = rate(severity_rules, "再停下去鸡都热死了")
    assert told(feared) == told(real) == {LIVESTOCK}
    assert feared.score < real.score


def test_a_loss_of_a_sign_that_is_not_there_is_named(severity_rules: SeverityRules) -> None:
    from pathlib import Path

    text = (Path(__file__).parents[2] / "config/severity.yaml").read_text(encoding="utf-8")
    with pytest.raises(BadSettings, match="没有险情词 'dead'"):
        load_text(
            text.replace("of: [death, dying]", "of: [dead, dying]"), SeveritySettings, "it.yaml"
        )


def test_a_clause_that_can_be_cut_in_many_ways_costs_no_more(severity_rules: SeverityRules) -> None:
    def read(repeats: int) -> None:
        rate(severity_rules, f"鱼{'全都' * repeats}的死亡，" * 200)

    assert grows_no_faster_than_its_input(read, 1)
