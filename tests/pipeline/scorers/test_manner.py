"""An answer, a notice, praise or a bare question is no complaint; what only sounds like one stays
one. And what each is to its matter."""

from __future__ import annotations

import json

import pytest

from domain.assessments import PostRole
from gridvoice.benchmarks.local_data import data_folder
from pipeline.learning.labels import read_rows
from pipeline.scorers.genre import Manner, is_elsewhere, manner_of, role_of
from pipeline.text.normalise import squeeze, squeezed_spelling
from pipeline.text.office import is_answer

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
    ("", "网友您好：您反映夜间屡次断电一事属实，系电缆老化，我司已更换，深表歉意。", Manner.REPLY),
    ("", "来件收悉。所反映台区年年被淹停电问题，现计划抬高基础，汛前完成。", Manner.REPLY),
    ("信访事项办理意见", "经实地走访，末端户电压偏低情况存在，拟新增一台变压器。", Manner.REPLY),
    ("", "您好，停电原因为道路施工挖断电缆，抢修结束，施工单位已被处罚。", Manner.REPLY),
    ("", "经现场核实，您反映的“变压器半夜冒火，凭什么没人管”已处理。", Manner.REPLY),
    ("", "转发微博", Manner.REPOST),
    ("", "转//@小明:我们小区又停电了，热死了", Manner.REPOST),
    ("求答复", "停电三天，打电话没人接", None),
    ("对供电所回复不满", "您好！您的来信已收悉。经调查，已处理。可是昨晚又停电了。", None),
    ("", "您好，我家上周停电，你们说已处理，结果今天又停，为什么？", None),
    ("", "那根线我上个月就报过//@晚报:垂落导线绊倒骑车人", None),
    ("投诉", "来电人称经核实后仍未更换变压器，要求尽快处理。", None),
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
        ("城建游戏里变压器又过载，市民写信骂我", Manner.GAME),
        ("玩模拟经营手游，我家这边突然停电了", None),
        ("打游戏打到一半停电了，烦", None),
        ("像触电一样跳起来，原来是我家插座漏电，供电所快来看看", None),
        ("宿舍区停电两天了，供电公司说变压器坏了没人修", None),
    ],
)
def test_what_only_sounds_like_supply(text: str, manner: Manner | None) -> None:
    assert is_elsewhere("", squeezed_spelling(text)) is manner


@pytest.mark.parametrize(
    ("title", "text", "channel", "role"),
    [
        ("", "您反映的停电问题属实，已更换变压器。", "gov_board", PostRole.REPLY),
        ("", "线夹发热，更换后供电正常。", "gov_reply", PostRole.REPLY),
        ("处理结果", "线夹发热致停电，已压接，客户无异议。", "ticket_95598", PostRole.RECORD),
        ("走访", "为五户老人检查线路，讲解安全用电。", "grid_service", PostRole.RECORD),
        ("停电通知", "明日8时至17时张湾台区检修停电。", "wechat", PostRole.NOTICE),
        ("", "凌晨三点来电，全楼欢呼，谢谢抢修师傅", "weibo", PostRole.THANKS),
        ("", "请问峰谷电价怎么申请？", "forum", PostRole.QUESTION),
        ("", "下周这些路段将计划停电", "hot_list", PostRole.NEWS),
        ("", "停电了，点蜡烛挺浪漫", "weibo", PostRole.NEWS),
        ("", "哈哈哈哈真的吗//@小明:全城停电", "weibo", PostRole.REPOST),
    ],
)
def test_what_a_post_that_complains_of_nothing_is(
    title: str, text: str, channel: str, role: PostRole
) -> None:
    assert role_of(squeeze(title, text), channel, False) is role
    assert role_of(squeeze(title, text), channel, True) is PostRole.COMPLAINT


def test_real_answers_are_known_from_real_letters_by_their_words_alone() -> None:
    folder = data_folder()
    if folder is None:
        pytest.skip("the real letters are not beside this checkout")
    rows = list(read_rows(folder / "gov_posts.jsonl.gz"))[::4]
    answers = [squeezed_spelling(row["reply"]) for row in rows if row.get("reply")]
    known = sum(is_answer("", answer) for answer in answers)
    letters = [
        (squeezed_spelling(r.get("title") or ""), squeezed_spelling(r["text"])) for r in rows
    ]
    taken = sum(is_answer(title, text) for title, text in letters)
    assert known > 0.9 * len(answers) > 100
    assert taken <= 0.001 * len(letters) + 1


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
        if manner_of(title, text, row["channel"]) or is_elsewhere(title, text)
    ]
    assert silenced == []
