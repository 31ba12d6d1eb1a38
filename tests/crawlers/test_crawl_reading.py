"""Small readers: visible text, selectors, addresses, counts, templates, decoders."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from crawlers.kinds.templates import fill, fill_text, times
from crawlers.reading.addresses import canonical_url
from crawlers.reading.decoders import JSON_DECODERS, PAGE_DECODERS
from crawlers.reading.posts import read_count
from crawlers.reading.selecting import parse_html, pick, pick_all, strip_html, visible_text
from domain.clock import SHANGHAI


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>一</p><p>二</p>", "一\n二"),
        ("一<br>二<br/><br/>三", "一\n二\n三"),
        ("小召<em>停电</em>了", "小召停电了"),
        ("一 \u3000 二&nbsp;&nbsp;三", "一 二 三"),
        ("一\n  二", "一 二"),
        ("<script>x()</script>一<style>p{}</style><!-- 注 -->二", "一二"),
        ("停电<img alt='[泪]'><img alt='图片'>了", "停电[泪]了"),
        ("<table><tr><td>甲</td><td>乙</td></tr></table>", "甲\n乙"),
        ("<div>甲<span>乙</span>丙</div>丁", "甲乙丙\n丁"),
        ("a\u200bb\ufeffc", "abc"),
        ("<p>3 &lt; 5 &amp; 6</p>", "3 < 5 & 6"),
        ("", ""),
        ("没有标签", "没有标签"),
    ],
)
def test_the_visible_text_is_what_a_reader_sees(html: str, text: str) -> None:
    assert visible_text(parse_html(f"<body><div>{html}</div></body>")) == text
    assert strip_html(html.replace("\n  ", " ")) == text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("关于<停电>的通知：电压<b段>异常", "关于<停电>的通知：电压<b段>异常"),
        ("电压 a<b 时报修", "电压 a<b 时报修"),
        ("220V<实测<240V", "220V<实测<240V"),
        ("一<BR >二<o:p>三</o:p><st1:a x='1'>四</st1:a>", "一\n二三四"),
        ("<b>停</b><电>", "停<电>"),
        ("&lt;p&gt;停&lt;/b&gt;电&lt;/p&gt;&amp;nbsp;了", "停电\n了"),
        ("&lt;停电&gt; &lt;b段", "<停电> <b段"),
        ("<p>写作 &lt;p&gt;</p>", "写作 <p>"),
        ("停电三天<span sty", "停电三天"),
        ("停电三天</", "停电三天"),
        (
            "一家三口\U0001f468\u200d\U0001f469\u200d\U0001f466停\u200d电",
            "一家三口\U0001f468\u200d\U0001f469\u200d\U0001f466停电",
        ),
    ],
)
def test_only_what_looks_like_a_tag_is_one(given: str, text: str) -> None:
    assert strip_html(given) == text


def test_a_text_of_nothing_but_brackets_is_read_in_no_time() -> None:
    for many in ("<", "<p ", "<a" + " b" * 50, "<x a= ", "&lt;", "<!--"):
        assert isinstance(strip_html(many * 3_000), str)


def test_selectors_speak_css_and_xpath() -> None:
    root = parse_html(
        "<div class='a b '><a href='/x' title='全题'>短</a><p>一</p><p></p><p>二</p></div>"
    )
    assert pick(root, "div.b a::attr(title)") == "全题"
    assert pick(root, "a::text") == "短"
    assert pick(root, "//a/@href") == "/x"
    assert pick(root, "string(//a)") == "短"
    assert pick(root, "(//p)[3]") == "二"
    assert pick(root, "a:not([href='/y'])") == "短"
    assert pick(root, "p") == "一"
    assert pick_all(root, "p") == "一\n二"
    assert pick(root, "h1") is None


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://A.Example:80/x#top", "http://a.example/x"),
        ("http://a.example", "http://a.example/"),
        ("http://a.example/x?b=2&a=1&utm_source=q", "http://a.example/x?a=1&b=2"),
        ("http://a.example/x;jsessionid=AB12?id=1", "http://a.example/x?id=1"),
        ("http://a.example/#/thread?id=7", "http://a.example/#/thread?id=7"),
        ("http://a.example:8080/x", "http://a.example:8080/x"),
    ],
)
def test_an_address_is_reduced_to_what_tells_posts_apart(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical
    assert canonical_url(canonical) == canonical


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        (12, 12),
        ("1,234", 1234),
        ("100万+", 1_000_000),
        ("1.2万", 12_000),
        ("3k", 3_000),
        ("2亿", 200_000_000),
        ("转发", None),
        (None, None),
        (True, None),
        (-1, None),
        ("...", None),
    ],
)
def test_counts_are_read_as_people_write_them(raw: object, count: int | None) -> None:
    assert read_count(raw) == count


def test_templates_fill_names_and_leave_other_braces() -> None:
    now = datetime(2026, 11, 24, 10, 0, tzinfo=SHANGHAI)
    values = times(now, None, timedelta(days=1)) | {"keyword": "停电 了", "page": 2}
    assert fill_text("?q={keyword}&p={page}", values, in_url=True) == (
        "?q=%E5%81%9C%E7%94%B5%20%E4%BA%86&p=2"
    )
    assert fill({"p": "{page}", "s": '{"d":"0"}', "l": ["{now:%Y%m%d}"]}, values) == {
        "p": 2,
        "s": '{"d":"0"}',
        "l": ["20261124"],
    }
    assert fill_text("{since}", values) == "2026-11-20"
    assert fill_text("{page.__class__} {keyword!r}", values) == "{page.__class__} {keyword!r}"


@pytest.mark.parametrize(
    "around",
    [
        "cb({});",
        "/**/ typeof cb === 'function' && cb({});",
        "try{{cb({})}}catch(e){{}}",
        "window.cb && window.cb({})",
        'window["cb"]&&window["cb"]({})',
        "cb({}) // done (1)",
        ")]}}',\n{}",
        "while(1);{}",
        "for(;;);{}",
        "{}<!-- 12 ms -->",
        "{}",
    ],
)
def test_json_is_found_in_any_wrapping(around: str) -> None:
    for value in ({"rows": [{"t": "停（电）;)}"}]}, [1, {"a": []}]):
        assert JSON_DECODERS["jsonp"](around.format(json.dumps(value))) == value


def test_what_stands_around_json_must_be_noise() -> None:
    for text in ('cb({"a": 1}) + cb({"b": 2})', '<html><script>x({"a": 1})</script>', "x(" * 5_000):
        with pytest.raises(ValueError, match="不是 JSON"):
            JSON_DECODERS["jsonp"](text)
    assert "decode: jsonp" in _refusal('cb({"a": 1})')
    assert "decode: jsonp" not in _refusal("<html>")
    assert "jsonp" not in _refusal('{"a": ')


def _refusal(text: str) -> str:
    with pytest.raises(ValueError, match="不是 JSON") as caught:
        JSON_DECODERS["json"](text)
    return str(caught.value)


@pytest.mark.parametrize("name", JSON_DECODERS)
def test_a_body_that_is_no_answer_is_a_value_error(name: str) -> None:
    for body in ("", "<html>安全验证</html>", "x(", "{", "\x00"):
        with pytest.raises(ValueError, match=r"."):
            JSON_DECODERS[name](body)


def test_rows_without_records_are_a_value_error() -> None:
    with pytest.raises(ValueError, match="record"):
        PAGE_DECODERS["records"]("<html></html>")


def test_a_deep_page_is_read_without_a_crash() -> None:
    deep = "<div>" * 5_000 + "停电" + "</div>" * 5_000
    assert isinstance(visible_text(parse_html(deep)), str)
    with pytest.raises((ValueError, RecursionError)):
        JSON_DECODERS["json"]("[" * 200_000)
