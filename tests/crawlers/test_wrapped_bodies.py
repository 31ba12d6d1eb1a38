"""Bodies that are not what their kind expects, halves of the day, items of a JSON feed."""

from __future__ import annotations

from typing import Any

import pytest
from reading import listed, page, posts, source

from crawlers.reading.dates.clocks import in_half
from crawlers.reading.decoders import JSON_DECODERS, PAGE_DECODERS


@pytest.mark.parametrize(
    ("decode", "body", "value"),
    [
        ("json", '\ufeff {"a": 1}', {"a": 1}), ("json", '{"a": "x\ny"}', {"a": "x\ny"}),
        ("json", "[" + "9" * 40 + "]", [int("9" * 40)]), ("json", "[" + "9" * 41 + "]", ["9" * 41]),
        ("jsonp", 'cb({"a": 1});', {"a": 1}), ("jsonp", '{"a": 1}', {"a": 1}),
        ("jsonp", '/**/ a.b[0]([1, 2])', [1, 2]), ("jsonp", 'try{cb([1,2])}catch(e){}', [1, 2]),
        ("jsonp", 'window["cb"]({"a": 1}) // end', {"a": 1}), ("jsonp", ")]}',\n[1, 2]", [1, 2]),
        ("json_in_comment", '<p><!-- x:{"a": 1} --></p>', {"a": 1}),
        ("json_in_comment", "<!--[1]-->", [1]),
        ("json_in_string", '{"code": 200, "content": "{\\"a\\": 1}"}', {"a": 1}),
        ("json_in_string", '"[1, 2]"', [1, 2]), ("json_in_string", '{"d": " [3]"}', [3]),
        ("json_in_string", '{"content": "words"}', {"content": "words"}),
        ("json_in_script", "<script>var a.b = [1, 2]; x</script>", [1, 2]),
        ("json_in_script", "window.data = {\"a\": {}}", {"a": {}}),
        ("js_object", "({a: 'x', $b: \"y\", 'c d': -1.5, e: [true, null, undefined]});",
         {"a": "x", "$b": "y", "c d": -1.5, "e": [True, None, None]}),
        ("js_object", r"{a: 'it\'s \u505c\n电', b: '\x'}", {"a": "it's 停\n电", "b": "x"}),
        ("js_object", "[1, name]  ;", [1, "name"]),
    ],
)  # fmt: skip
def test_a_wrapped_answer_is_unwrapped(decode: str, body: str, value: Any) -> None:
    assert JSON_DECODERS[decode](body) == value


@pytest.mark.parametrize(
    ("decode", "body", "said"),
    [
        ("json", " \n", "空"), ("json", "cb(1)", "decode: jsonp"), ("json", "{a", "不是 JSON"),
        ("jsonp", "<html>", "不是 JSON"), ("jsonp", "if(x){y}", "不是 JSON"),
        ("jsonp", "cb({'a'})", "不是 JSON"), ("json_in_comment", "{}", "注释里没有"),
        ("json_in_script", "a = {}", "脚本里没有"),
        ("json_in_script", "var a = {b}", "脚本里的变量"),
        ("js_object", "{a: (1)}", "第 3 个字符"), ("js_object", "{a:", "不是 JSON"),
    ],
)  # fmt: skip
def test_what_cannot_be_unwrapped_says_what_is_missing(decode: str, body: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        JSON_DECODERS[decode](body)


def test_only_what_opens_with_a_bracket_is_not_told_of_another_wrapping() -> None:
    for body in ("<a", "{a", "[a"):
        with pytest.raises(ValueError, match="不是 JSON") as raised:
            JSON_DECODERS["json"](body)
        assert "jsonp" not in str(raised.value)


def test_rows_of_a_page_are_found_in_records_and_comments() -> None:
    records = "<record><![CDATA[<li>1</li>]]></record> <record> <li>2</li> </record>"
    assert PAGE_DECODERS["records"](records) == "<html><body><li>1</li>\n<li>2</li></body></html>"
    with pytest.raises(ValueError, match="<record>"):
        PAGE_DECODERS["records"]("<li>1</li>")
    assert PAGE_DECODERS["commented"]("<!--<li>1</li>-->") == "<li>1</li>"
    assert PAGE_DECODERS["plain"]("<!--x-->") == "<!--x-->"


@pytest.mark.parametrize(
    ("half", "hours"),
    [
        ("", {0: 0, 12: 12}), ("am", {1: 1, 12: 0, 13: 13}), ("凌晨", {0: 0, 3: 3, 12: 0}),
        ("上午", {11: 11, 12: 0}), ("中午", {11: 11, 12: 12, 1: 13, 3: 15, 4: 4}),
        ("下午", {1: 13, 12: 12, 5: 17, 15: 15}), ("pm", {12: 12, 11: 23}),
        ("半夜", {12: 24, 2: 2, 5: 5, 6: 18, 11: 23}),
        ("晚上", {7: 19, 12: 24, 1: 25, 4: 28, 5: 17, 20: 20}),
    ],
)  # fmt: skip
def test_an_hour_of_a_half_of_the_day(half: str, hours: dict[int, int]) -> None:
    assert {hour: in_half(hour, half) for hour in hours} == hours


def test_an_item_of_a_json_feed_is_read_whichever_of_its_fields_it_has() -> None:
    of = source("feed")
    items = [
        {"id": "1", "url": "http://a.example/1", "title": "甲", "content_html": "<p>停电</p>",
         "authors": [{"name": "王"}], "date_published": "2026-11-27T08:00:00+08:00"},
        {"id": 2, "title": "乙", "content_text": "断电", "author": {"name": "李"},
         "date_modified": "2026-11-27T09:00:00+08:00"},
        {"id": "3", "title": "丙", "summary": "跳闸", "authors": "x", "content_html": 5},
        {"id": "4", "title": "丁", "authors": [], "author": None, "date_published": ""},
        "no item",
    ]  # fmt: skip
    at = page({"version": "https://jsonfeed.org/version/1.1", "items": items})
    found = posts(of, listed(of, at), at)
    assert [(p.title, p.text, p.author) for p in found] == [
        ("甲", "停电", "王"), ("乙", "断电", "李"), ("丙", "跳闸", None), ("丁", "丁", None),
    ]  # fmt: skip
    assert [p.published_at and p.published_at.hour for p in found] == [8, 9, None, None]
