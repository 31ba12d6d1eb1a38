"""A notice, praise or a bare question is no complaint; what only sounds like one stays one."""

from __future__ import annotations

import json

import pytest

from gridvoice.benchmarks.local_data import data_folder
from pipeline.scorers.genre import Manner, is_elsewhere, manner_of
from pipeline.text.normalise import squeezed_spelling

CASES = [
    ("【公告】3月5日张湾台区检修停电", "因线路改造，8点至17点停电，敬请谅解。", Manner.NOTICE),
    ("", "尊敬的电力客户：因设备检修，明日6时至18时停电，请提前做好准备。", Manner.NOTICE),
    ("表扬供电所夜班师傅", "半夜电线被刮断，一个电话二十分钟就到，修到天亮。", Manner.PRAISE),
    ("", "给抢修师傅点赞！下着大雨爬杆子，晚上八点准时来电。", Manner.PRAISE),
    ("请问峰谷电价怎么申请", "想了解申请条件和从哪个月开始执行，谢谢。", Manner.QUESTION),
    ("", "停电通知写到下午五点，现在晚上九点了，人呢？", None),
    ("", "感谢领导百忙之中看我的信，我们村停电三天没人管。", None),
    ("", "表扬有什么用，师傅人好，但是电压还是没解决", None),
    ("请问什么时候能来电", "停了一天了，老人受不了。", None),
    ("", "请问，高压线塔压了我家八分地，只补五千块，这合理吗？", None),
]


@pytest.mark.parametrize(("title", "text", "manner"), CASES)
def test_the_manner_of_a_post(title: str, text: str, manner: Manner | None) -> None:
    assert manner_of(squeezed_spelling(title), squeezed_spelling(text)) is manner


@pytest.mark.parametrize(
    ("text", "manner"),
    [
        ("她一开口我整个人像触了电一样", Manner.FIGURE),
        ("作风建设是红线更是高压线，谁都碰不得", Manner.FIGURE),
        ("宿舍十点半就熄灯断电，论文写不完", Manner.DORMITORY),
        ("像触电一样跳起来，原来是我家插座漏电，供电所快来看看", None),
        ("宿舍区停电两天了，供电公司说变压器坏了没人修", None),
    ],
)
def test_what_only_sounds_like_supply(text: str, manner: Manner | None) -> None:
    assert is_elsewhere("", squeezed_spelling(text)) is manner


def test_no_labelled_real_complaint_is_silenced_by_its_manner() -> None:
    folder = data_folder()
    if folder is None:
        pytest.skip("the labelled real posts are not beside this checkout")
    with (folder / "labelled.jsonl").open(encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["complaint"]]
    assert len(rows) > 100
    silenced = [
        row["id"]
        for row in rows
        for title, text in (
            (squeezed_spelling(row["title"] or ""), squeezed_spelling(row["text"])),
        )
        if manner_of(title, text) or is_elsewhere(title, text)
    ]
    assert silenced == []
