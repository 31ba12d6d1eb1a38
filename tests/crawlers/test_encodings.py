"""In which encoding a body is read, whatever is said of it."""

from __future__ import annotations

import random

import pytest
from reading import listed, page, posts, source

from crawlers.reading.encodings import decoded

LETTERS = [
    "小召乡停电三天没人管",
    "电压太低了，抽水机转不动，地浇不成，烦",
    "将官池镇孙庄变压器烧了，今年第三次",
    "请问鄢陵县大马镇什么时候来电？",
    "五女店镇·老城村电费多收了！",
]
LATIN1, GBK, UTF8 = (f"text/html; charset={name}" for name in ("ISO-8859-1", "gb2312", "utf-8"))


@pytest.mark.parametrize("text", LETTERS)
@pytest.mark.parametrize("kind", [LATIN1, GBK, UTF8, "text/html", "text/html; charset=x-gbk"])
def test_a_short_body_is_read_right_whatever_the_header_says(text: str, kind: str) -> None:
    body = f'{{"t": "{text}"}}'
    assert decoded(body.encode(), kind) == (body, "utf-8")
    assert decoded(body.encode("gb18030"), kind) == (body, "gb18030")


@pytest.mark.parametrize("said", ["iso-8859-1", "utf-8", "gb2312", "cn-big5"])
def test_a_meta_that_lies_is_found_out(said: str) -> None:
    body = f"<meta charset={said}><p>{LETTERS[0]}</p>"
    for encoding in ("utf-8", "gb18030"):
        assert decoded(body.encode(encoding), "text/html") == (body, encoding)


@pytest.mark.parametrize("kind", [LATIN1, GBK, UTF8, "application/json"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_one_cut_character_costs_only_itself(kind: str, encoding: str) -> None:
    for text in LETTERS:
        body = f'{{"t": "{text}'.encode(encoding)
        for cut in (body[:-1] + b'"}', body[:-1] + b"<b>" + body[6:]):
            assert text[:-1] in decoded(cut, kind)[0]
            assert decoded(cut, kind)[1] == encoding


def test_a_page_of_another_language_stays_what_it_says() -> None:
    for text, name in (
        ("Größe, Übergang: très où", "iso-8859-1"),
        ("Отключение электричества", "windows-1251"),
        ("停電のお知らせ、電圧が低い", "euc-jp"),
        ("停電のお知らせ、電圧が低い", "shift_jis"),
        ("정전이 계속됩니다", "euc-kr"),
    ):
        assert decoded(text.encode(name), f"text/html; charset={name}")[0] == text
    japanese = ("停電のお知らせ、電圧が低い" * 3).encode("euc-jp")
    assert "お知らせ" in decoded(japanese + b"\xff", "text/html; charset=euc-jp")[0]


@pytest.mark.parametrize("kind", ["text/html; charset=big5", "text/html", GBK, LATIN1])
def test_big5_is_told_from_gbk(kind: str) -> None:
    for text in ("電壓太低，停電三天沒有人管", "請問什麼時候恢復供電？"):
        assert decoded(text.encode("big5"), kind) == (text, "big5hkscs")


def test_gbk_under_a_header_of_big5_is_found_out() -> None:
    assert decoded(LETTERS[1].encode("gbk"), "text/html; charset=big5")[0] == LETTERS[1]


def test_utf_16_needs_neither_mark_nor_label() -> None:
    text = f"<html><p>{LETTERS[0]}</p></html>"
    for name in ("utf-16-le", "utf-16-be"):
        for kind in ("text/html", UTF8, "text/html; charset=unicode"):
            assert decoded(text.encode(name), kind) == (text, name)
    assert decoded(text.encode("utf-16"), UTF8)[0] == text
    assert decoded(text.encode(), "text/html; charset=utf-16")[0] == text


def test_signs_alone_are_read_as_said() -> None:
    assert decoded("© 2026 · José".encode(), UTF8)[0] == "© 2026 · José"
    assert decoded("© 2026 · José".encode(), "text/html")[0] == "© 2026 · José"
    assert decoded("漏电".encode("gbk"), GBK)[0] == "漏电"
    assert decoded(b"", GBK)[0] == ""


def test_broken_bytes_do_not_overturn_what_was_declared() -> None:
    body = "电压低，".encode("gb18030") * 50 + b"\xff" + "停电".encode("gb18030")
    text, _ = decoded(body, GBK)
    assert text.startswith("电压低")
    assert text.endswith("停电")
    assert decoded("停电".encode(), UTF8, "gbk")[0] != "停电"  # what the file declares is stronger


@pytest.mark.parametrize("encoding", ["utf-8", "gb2312"])
@pytest.mark.parametrize("declared", ["utf-8", "gb2312", "x-gbk", None])
def test_one_broken_byte_costs_a_feed_one_character(encoding: str, declared: str | None) -> None:
    rng = random.Random(1)
    titles = [f"{rng.choice(LETTERS[:4])}{n}" for n in range(20)]
    items = "".join(
        f"<item><guid>{n}</guid><title>{t}</title><description>电压低</description></item>"
        for n, t in enumerate(titles)
    )
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = f"{head}<rss version='2.0'><channel>{items}</channel></rss>".encode(encoding)
    end = body.rindex("电压低".encode(encoding)) + len("电压低".encode(encoding))
    feed = source("feed")
    for raw in (body, body[: end - 1] + body[end:]):
        at = page(raw, "application/rss+xml")
        assert [p.title for p in posts(feed, listed(feed, at), at)] == titles
        assert listed(feed, at).entries[0].fields["text"] == "电压低"


def test_an_item_may_speak_of_entities() -> None:
    item = "<item><guid>1</guid><title>说说<![CDATA[<!ENTITY x]]></title></item>"
    at = page(f"<?xml version='1.0'?><rss version='2.0'><channel>{item}</channel></rss>")
    assert len(listed(source("feed"), at).entries) == 1
