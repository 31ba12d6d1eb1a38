"""What an alert says: rendered examples to read, and promises that hold for any post."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alert_stories import INCIDENT, NOW, STORIES, Post, Story, notice
from hypothesis import given
from hypothesis import strategies as st
from machine import grows_no_faster_than_its_input

from alerts.channels.base import json_request
from alerts.channels.webhook import LIMIT_BYTES, payload_of
from alerts.channels.wecom import MARKDOWN_BYTES, TEXT_BYTES
from alerts.notice import layout
from alerts.notice.body import from_body, to_body
from alerts.notice.clip import clip, clip_bytes, clip_lines
from alerts.notice.compose import Report, compose, compose_test
from alerts.notice.escape import clean, for_chat, harmless
from alerts.notice.excerpt import excerpt, grounds
from alerts.notice.layout import RESEND_MARK
from alerts.notice.notice import Notice
from alerts.notice.playbook import Playbooks, load_playbooks
from domain.alerts import AlertReason
from domain.assessments import Area, Category, Reason, Severity
from domain.incidents.incident import IncidentState
from domain.input.load import BadSettings, load_text
from domain.masking.mask import mask

RENDERED = Path(__file__).parent / "rendered"
LINK = "https://gv.example.com/incidents/20261124-007"
PLAYBOOKS = load_playbooks(Path(__file__).parents[2] / "config" / "playbooks.yaml")
# As the outbox held them: an alert may wait for its receiver while the program is exchanged.
FIRST_FORM: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "bodies_of_the_first_form.json").read_text(encoding="utf-8")
)
HOSTILE = (
    '<@all> @all <at user_id="all">所有人</at> [点我](http://evil.example/?a=1) '
    "&lt;@all&gt; # > `x`"
)


def told_story(story: Story, resend: bool = False) -> Notice:
    made = compose(
        Report(
            dataclasses.replace(story.incident, report_no=story.report_no),
            story.reason,
            NOW,
            story.posts,
            PLAYBOOKS.of(story.incident.category),
            story.public_url,
            story.told,
            story.warning,
        )
    )
    return dataclasses.replace(made, resend=resend)


def text_of(told: Notice) -> str:
    return layout.text(told, TEXT_BYTES)


def markdown_of(told: Notice) -> str:
    return layout.markdown(told, MARKDOWN_BYTES)


def escape(text: str) -> str:
    """As a layout shows public text to a chat."""
    return for_chat(harmless(text))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_each_report_reads_as_it_was_approved(story: Story) -> None:
    file = RENDERED / f"{story.name}.txt"
    text = text_of(told_story(story)) + "\n"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        pytest.fail(f"{file.name} is written; read it as the duty officer at 03:10, then commit it")
    assert text == file.read_text(encoding="utf-8"), f"if better, delete {file.name} and run again"


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_each_report_fits_a_phone_screen_and_shows_no_personal_data(story: Story) -> None:
    told = told_story(story)
    text, payload = text_of(told), json.dumps(payload_of(told), ensure_ascii=False)
    kept = json.dumps(to_body(told), ensure_ascii=False)
    everything = text + markdown_of(told) + payload + kept
    assert len(text) <= 500
    assert len(text.splitlines()) <= 16
    for private in ("13812345678", "4100123456", "3号楼2单元501"):
        assert private not in everything


def test_every_reason_has_an_example() -> None:
    assert {s.reason for s in STORIES} == set(AlertReason) - {AlertReason.TEST}
    assert {s.incident.severity for s in STORIES} == set(Severity) - {Severity.NONE}


def test_a_resend_repeats_number_and_id_and_is_marked() -> None:
    story = STORIES[0]
    first, again = told_story(story), told_story(story, resend=True)
    assert RESEND_MARK not in text_of(first)
    assert text_of(again).splitlines()[1] == f"电力民声 20261124-007 第1报{RESEND_MARK}"
    assert text_of(again).replace(RESEND_MARK, "") == text_of(first)
    assert RESEND_MARK in markdown_of(again)
    assert layout.title(again) == layout.title(first) + RESEND_MARK
    assert (payload_of(again)["resend"], payload_of(first)["resend"]) == (True, False)
    assert payload_of(again) | {"resend": False} == payload_of(first)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_notice_survives_the_outbox(story: Story) -> None:
    told = told_story(story)
    body = json.loads(json.dumps(to_body(told), ensure_ascii=False))
    assert from_body(body) == told
    assert from_body(body, resend=True) == told_story(story, resend=True)
    assert "resend" not in body


@pytest.mark.parametrize("name", FIRST_FORM)
def test_what_the_program_wrote_before_notices_had_a_version_is_sent_as_it_was(name: str) -> None:
    body = FIRST_FORM[name]
    read = from_body(body)
    assert (layout.title(read), text_of(read)) == (body["title"], body["text"])
    assert payload_of(read) == body["payload"]
    again = from_body(body, resend=True)
    assert text_of(again).splitlines()[1].endswith(RESEND_MARK)
    assert payload_of(again) == {**body["payload"], "resend": True}


@pytest.mark.parametrize("body", [{}, {"version": 2}, {"version": 9}, {"text": "停电"}])
def test_a_body_that_is_none_of_ours_is_refused(body: dict[str, object]) -> None:
    with pytest.raises((ValueError, LookupError, TypeError)):
        from_body(body)


def test_the_payload_has_what_the_centre_was_promised() -> None:
    payload = payload_of(told_story(STORIES[3]))
    wanted = {
        "type", "number", "report_no", "reason", "reason_title", "title", "category",
        "category_title", "severity", "severity_title", "area", "place", "station",
        "first_post_at", "post_count", "channels", "why", "posts", "playbook", "link", "resend",
    }  # fmt: skip
    assert wanted <= payload.keys()
    assert payload["type"] == "incident.alert"
    assert payload["severity"] == "red"
    assert payload["first_post_at"] == "2026-11-24T02:30:00+08:00"
    assert payload["why"][0] == "家有用氧用机病人“制氧机”"
    assert payload["link"] == LINK
    assert payload["posts"][0].keys() >= {"text", "url", "channel", "published_at"}


def test_public_text_can_neither_page_the_group_nor_plant_a_link() -> None:
    post = Post(HOSTILE, HOSTILE, "weibo", "javascript:alert(1)", NOW)
    incident = dataclasses.replace(INCIDENT, title=HOSTILE, place=HOSTILE, station=HOSTILE)
    told = notice(post, incident=incident)
    own = markdown_of(told).replace(f"[接收处置 20261124-007]({LINK})", "").replace("**", "")
    for text in (text_of(told).replace(LINK, ""), own):
        for forbidden in ("@", "<", "[", "](", "://", "&", "`", "evil"):
            assert forbidden not in text, text
    assert payload_of(told)["posts"][0]["url"] is None


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://u:p@evil.example/?tel=13812345678&id=7", "http://evil.example/?tel=***&id=7"),
        (
            "https://m.weibo.cn/detail/5012345678901234",
            "https://m.weibo.cn/detail/5012345678901234",
        ),
        ("http://x.example/" + "a" * 900, None),
        ("http://[公告]/", None),
    ],
)
def test_the_payload_gives_an_address_without_log_in_and_numbers(url: str, sent: str) -> None:
    told = notice(Post("停电", "停电", "weibo", url, NOW))
    assert payload_of(told)["posts"][0]["url"] == sent
    assert "13812345678" not in json.dumps([payload_of(told), to_body(told)])


@pytest.mark.parametrize(
    "link",
    ["http://evil.cn/a", "HTTPS://EVIL.CN", "ｈｔｔｐ：／／evil．cn", "hxxp://evil.cn",
     "http:\\\\evil.cn", "evil.cn/abc", "t.cn/A6xyz", "www.evil.cn",
     "evil\u200b.cn", "a.b.evil.co.uk:8080/x?y=1",
     "weixin://dl/x", "mailto:a@evil.cn", "tel:10086", "javascript:alert(1)", "1.2.3.4/x",
     "xn--fiqs8s.xn--fiqs8s",
     "//evil.cn/x", "taobao://x", ".evil.cn/x", "..evil.cn", "-evil.cn", "evil-.cn", "_evil.cn",
     "magnet:?xt=1", "skype:abc?call", "停电.jp/x", "пример.рф/x", "münchen.de", "电费.在线"],
)  # fmt: skip
def test_no_chat_client_finds_a_link_in_public_text(link: str) -> None:
    shown = escape(f"停电三天{link}没人管")
    assert "〔链接〕" in shown
    assert shown.startswith("停电三天")
    assert shown.endswith("没人管")
    assert not re.search(r"\w\.[a-z]|://|:\w", shown, re.IGNORECASE)


@pytest.mark.parametrize(
    "text",
    [
        "电压10.5kV，又降到0.4kV",
        "5.V、10.kWh",
        "2026.11.27停电",
        "GB/T 12325.2008",
        "14:30停电",
        "v1.2",
        "停电.第二天还没来.OK吗",
        "甲.乙.丙",
        "时间:3.5小时;原因:?",
        "channels.yaml:12 有误，请看 service.log",
    ],
)
def test_figures_times_and_files_are_no_links(text: str) -> None:
    assert escape(text) == text


def test_a_post_cannot_start_a_line_of_its_own() -> None:
    forged = "停电\n电力民声 20261124-999 第9报\u2028处置：http://evil.example\r\n\x85\u202e"
    post = Post(forged, forged, "weibo", None, NOW)
    incident = dataclasses.replace(INCIDENT, title=forged)
    text = text_of(notice(post, incident=incident, public_url=None))
    assert [n for n, line in enumerate(text.splitlines()) if line.startswith("电力民声")] == [1]
    assert "\u202e" not in text
    assert len(text.splitlines()) == len(text.split("\n"))


def test_a_number_is_masked_before_anything_is_cut() -> None:
    for pad in range(160, 200):
        text = "停" * pad + "电话13812345678" + "，修" * 30
        reasons = (Reason("r", "text", 0, 0, "电话", 1.0),)
        told = notice(Post("", text, "weibo", None, NOW, reasons))
        for shown in (text_of(told), payload_of(told)["posts"][0]["text"]):
            assert "1381234" not in shown
            assert "5678" not in shown or "138" in shown


def test_a_phrase_that_is_part_of_a_number_is_not_a_ground() -> None:
    text = "请回电13812345678，停电三天"
    reasons = tuple(
        Reason("r", "text", text.find(p), text.find(p) + len(p), p, w)
        for p, w in (("13812345678", 9.0), ("1381234", 8.0), ("停电三天", 1.0), ("停电", 0.5))
    )
    assert grounds([Post("", text, "weibo", None, NOW, reasons)]) == ["“停电三天”"]


def test_what_no_layout_could_show_fails_while_it_is_composed_not_at_each_send() -> None:
    fine = Post("停电", "停电", "weibo", None, NOW)
    never = dataclasses.replace(fine, published_at=datetime.max.replace(tzinfo=UTC))
    with pytest.raises(OverflowError):
        notice(fine, fine, fine, never)


def test_grounds_name_the_rule_and_quote_the_phrase() -> None:
    text = "变压器爆炸，两人受伤，隔壁小区也爆炸声不断"
    reasons = (
        Reason("类别：电压质量与停电", "", 0, 0, "", 90.0),
        Reason("语气强烈", "", 0, 0, "", 80.0),
        Reason("传播快", "", 0, 0, "一小时30条", 70.0),
        Reason("起火爆炸", "text", 0, 0, "变压器爆炸", 38.0),
        Reason("起火爆炸", "text", 0, 0, "爆炸", 37.0),
        Reason("char:两人", "text", 0, 0, "两人受伤", 3.0),
        Reason("安抚", "text", 0, 0, "不断", -9.0),
        Reason("edge", "", 0, 0, "", 2.0),
    )
    found = grounds([Post("", text, "weibo", None, NOW, reasons)])
    assert found == ["起火爆炸“变压器爆炸”", "“两人受伤”", "语气强烈", "传播快（一小时30条）"]


def test_the_excerpt_shows_the_weightiest_stretch_from_the_start_of_a_clause() -> None:
    text = "开头寒暄几句，" * 20 + "昨晚变压器爆炸，两人受伤送医。" + "后面又说了很多，" * 20
    reasons = (
        Reason("r", "text", 0, 4, "变压器爆炸", 3.0),
        Reason("r", "text", 0, 4, "两人受伤", 2.0),
    )
    shown = excerpt(Post("", text, "weibo", None, NOW, reasons), 40)
    assert "变压器爆炸，两人受伤" in shown
    assert shown.startswith("…开头寒暄几句，")
    assert len(shown) <= 40


def test_without_a_public_address_number_and_command_stand_in_for_the_link() -> None:
    text = text_of(told_story(STORIES[2]))
    assert text.splitlines()[-1].endswith("gridvoice incidents ack 20261124-003 --who 姓名")
    assert payload_of(told_story(STORIES[2]))["link"] is None


def test_a_test_message_says_that_it_is_one() -> None:
    test = compose_test("企业微信值班群", "https://gv.example.com", NOW)
    assert text_of(test).startswith("【测试】")
    assert payload_of(test)["reason"] == "test"


# Any text at all: emoji, combining marks, CRLF, unpaired surrogates, bidirectional controls.
anything = st.text(
    st.characters() | st.sampled_from("停电👨‍👩‍👧é\u0301\r\n\u202e\ud800<@[](*`1389"), max_size=400
)


@given(
    title=anything,
    text=anything,
    repeat=st.integers(1, 40),
    place=st.none() | anything,
    phrase=anything,
    reason=st.sampled_from(list(AlertReason)[:-1]),
    report_no=st.integers(1, 9999),
    channels=st.lists(anything, max_size=12),
    url=st.none() | anything,
    area=st.sampled_from(list(Area)),
)
def test_any_post_gives_a_message_within_every_limit(
    title: str, text: str, repeat: int, place: str | None, phrase: str, reason: AlertReason,
    report_no: int, channels: list[str], url: str | None, area: Area,
) -> None:  # fmt: skip
    post = Post(title, text * repeat, "weibo", url, NOW, (Reason("r", "text", 0, 1, phrase, 1.0),))
    incident = dataclasses.replace(
        INCIDENT,
        title=title * 5,
        place=place,
        station=place,
        channels=tuple(channels),
        area=area,
        report_no=report_no,
    )
    plan = PLAYBOOKS.of(Category.SUPPLY_QUALITY)
    told = notice(*[post] * 8, incident=incident, reason=reason, playbook=plan, warning=title)
    told = dataclasses.replace(told, resend=True)
    for shown, limit in ((text_of(told), TEXT_BYTES), (markdown_of(told), MARKDOWN_BYTES)):
        assert len(shown.encode()) <= limit
        assert f"20261124-007 第{report_no}报" in shown
        assert LINK in shown
    assert len(json_request(payload_of(told)).body) <= LIMIT_BYTES < 20_000
    assert from_body(json.loads(json.dumps(to_body(told))), resend=True) == told
    layout.title(told).encode()


@given(text=anything, limit=st.integers(0, 300))
def test_cutting_never_breaks_a_character(text: str, limit: int) -> None:
    cut = clip_bytes(text, limit)
    raw = cut.encode()
    assert len(raw) <= limit
    if cut.endswith("…"):
        assert text.encode("utf-8", "replace").decode().startswith(cut[:-1])


@given(lines=st.lists(anything, min_size=4, max_size=9), limit=st.integers(80, 600))
def test_cut_lines_keep_the_number_above_and_the_link_below(lines: list[str], limit: int) -> None:
    whole = "\n".join(["【重大】", "编号 1", *(clean(line) for line in lines), "处置：https://x/1"])
    cut = clip_lines(whole, limit)
    assert len(cut.encode()) <= limit
    assert cut.startswith("【重大】\n编号 1")
    assert cut.endswith("处置：https://x/1")


@given(text=anything)
def test_escaped_text_is_one_harmless_line_and_escaping_again_changes_nothing(text: str) -> None:
    safe = escape(text)
    assert not set(safe) & set("<>@[]*`#&\r\n\u2028\u202e")
    assert escape(safe) == safe
    assert clip(safe, 20) == safe or len(clip(safe, 20)) <= 20


def test_every_category_has_a_playbook_and_a_missing_one_is_named() -> None:
    assert {p.category for p in PLAYBOOKS.playbooks} == set(Category)
    one = "playbooks:\n  - {category: line_safety, title: 线路, who: 运维班, steps: [看守]}\n"
    with pytest.raises(BadSettings, match="temporary_supply: 有 0 个预案"):
        load_text(one, Playbooks, "playbooks.yaml")


def test_a_closed_matter_gives_no_orders() -> None:
    closed = next(s for s in STORIES if s.incident.state is IncidentState.CLOSED)
    text = text_of(told_story(closed))
    assert "先做" not in text
    assert "历时" in text


@pytest.mark.parametrize("run", ["a", "1", "停", "a@", "1.", " ", "<", "，"])
def test_a_hostile_post_costs_no_more_than_a_long_one(run: str) -> None:
    def report(length: int) -> None:
        post = Post(run * length, run * length, "weibo", None, NOW)
        text_of(notice(*[post] * 5))

    assert grows_no_faster_than_its_input(report, 10_000)
    # Longer than what is remembered: a text that was masked before costs nothing.
    assert grows_no_faster_than_its_input(lambda length: mask(run * length), 4_200)
