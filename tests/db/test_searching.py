"""Search means: exact substrings of folded title or text, newest first."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from found_posts import AUTHOR_KEY, NOW, found
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from db.engine import check, read, write
from db.posts import take_in
from db.search import count, count_by_hour, search
from db.search_index import pairs, phrase, rebuild
from domain.text import fold

WORDS = [
    "停电", "电", "电压低", "kv", "10kv", "110", "v线", "停。电", "。", ",", ", ", " ", '"', '""',
    "*", "'", "(", "and", "not", "低电压 ", "\n", "👍", "👍了", "小召乡", "乡电", "𠮷", "-", ":",
    "a:b",
]  # fmt: skip
TEXTS = [
    ("小召乡电压低", "冰箱不能用, 已经停电3天"),
    ("停。电", "110KV线路跳闸, 10kV 线也停"),
    ("停", "电压低 and NOT 计划停电"),
    ("", "电"),
    ("電壓低", "停電了👍了 𠮷"),
    ('他说"停电"', "a:b - (c) 'x' * \"\" \n第二行"),
    ("无关", "今天天气好"),
    ("电", ""),
    ("低电压 小召", "v线"),
]


def fill(engine: Engine, texts: list[tuple[str, str]]) -> None:
    batch = [
        found(str(n), body, title=title, published_at=NOW - timedelta(hours=n))
        for n, (title, body) in enumerate(texts)
    ]
    with write(engine) as conn:
        take_in(conn, batch, NOW, AUTHOR_KEY)


def expected(words: list[str], texts: list[tuple[str, str]]) -> list[str]:
    folded = [(fold(title), fold(body)) for title, body in texts]
    return [str(n) for n, f in enumerate(folded) if all(w in f[0] or w in f[1] for w in words)]


def test_every_word_is_found_exactly_where_it_stands(engine: Engine) -> None:
    fill(engine, TEXTS)
    with read(engine) as conn:
        for word in WORDS:
            word = fold(word)
            hits = [row.key for row in search(conn, [word])]
            assert hits == expected([word], TEXTS), repr(word)
            assert count(conn, [word]) == len(hits)
        for words in (["停电", "电压低"], ["电", "停", "计划停电"], ["kv", "跳闸"], ["无", "停"]):
            assert [row.key for row in search(conn, words)] == expected(words, TEXTS)


def test_no_word_crosses_from_title_to_text(engine: Engine) -> None:
    fill(engine, [("小区停", "电三天"), ("小区", "停电")])
    with read(engine) as conn:
        assert [row.key for row in search(conn, ["停电"])] == ["1"]
        assert [row.key for row in search(conn, ["小区", "停"])] == ["0", "1"]


ALPHABET = "电停压低aK1 .。\"'*\n👍電"


@settings(
    max_examples=settings().max_examples // 3,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    texts=st.lists(
        st.tuples(st.text(ALPHABET, max_size=6), st.text(ALPHABET, max_size=12)),
        min_size=1,
        max_size=6,
    ),
    words=st.lists(st.text(ALPHABET, min_size=1, max_size=4).map(fold), min_size=1, max_size=2),
)
def test_the_index_agrees_with_looking_at_every_text(
    sqlite_engine: Engine, texts: list[tuple[str, str]], words: list[str]
) -> None:
    with sqlite_engine.connect() as conn, conn.begin() as transaction:
        batch = [
            found(str(n), body, title=title, published_at=NOW - timedelta(hours=n))
            for n, (title, body) in enumerate(texts)
        ]
        take_in(conn, batch, NOW, AUTHOR_KEY)
        hits = [row.key for row in search(conn, words, limit=0)]
        assert hits == expected(words, texts)
        assert count(conn, words) == len(hits)
        transaction.rollback()


def test_hits_come_newest_first_whatever_the_order_of_arrival(engine: Engine) -> None:
    minutes = list(range(0, 600, 7))
    random.Random(3).shuffle(minutes)
    batch = [
        found(str(m), f"第{m}村停电", published_at=NOW - timedelta(minutes=m)) for m in minutes
    ]
    for start in range(0, len(batch), 10):
        with write(engine) as conn:
            take_in(conn, batch[start : start + 10], NOW, AUTHOR_KEY)
    order = [str(m) for m in sorted(minutes)]
    with read(engine) as conn:
        assert [row.key for row in search(conn, ["停电"], limit=20)] == order[:20]
        assert [row.key for row in search(conn, ["停电"], limit=20, offset=15)] == order[15:35]
        assert [row.key for row in search(conn, ["停电"], limit=0)] == order
        # a word of one character is looked for in the newest posts first
        assert [row.key for row in search(conn, ["电"], limit=5, offset=2)] == order[2:7]
        assert search(conn, ["电"], 5, channel="weibo") == []
        assert [row.key for row in search(conn, ["电", "第7村"], limit=1)] == ["7"]
        assert [row.key for row in search(conn, [], limit=5)] == order[:5]


@pytest.mark.parametrize("minute", [0, 17])
def test_times_and_channel_narrow_the_hits_and_the_count(engine: Engine, minute: int) -> None:
    start = datetime(2026, 11, 20, 0, minute, tzinfo=UTC)
    batch = [
        found(
            str(n),
            "村里停电",
            channel="weibo" if n % 3 == 0 else "forum",
            published_at=start + timedelta(minutes=20 * n),
        )
        for n in range(30)
    ]
    with write(engine) as conn:
        take_in(conn, batch, NOW, AUTHOR_KEY)
    since, until = start + timedelta(hours=2), start + timedelta(hours=5)
    inside = [str(n) for n in range(29, -1, -1) if 6 <= n < 15]
    with read(engine) as conn:
        hits = [row.key for row in search(conn, ["停电"], since=since, until=until)]
        assert hits == inside
        assert count(conn, ["停电"], since, until) == 9
        assert count(conn, [], since, until) == 9
        assert count(conn, ["停电"], since, until, "weibo") == 3
        assert [row.key for row in search(conn, ["停电"], 2, until=until, channel="weibo")] == [
            "12",
            "9",
        ]
        hours = count_by_hour(conn, ["停电"], since, until)
        assert sum(n for _, n in hours) == 9
        assert all(hour.minute == 0 and hour.tzinfo is not None for hour, _ in hours)
        assert hours == count_by_hour(conn, [], since, until) == sorted(hours)


def test_an_edited_post_is_found_by_its_new_words_only(engine: Engine) -> None:
    fill(engine, [("停电", "小召乡停电了")])
    with write(engine) as conn:
        take_in(conn, [found("0", "已经来电", title="谢谢")], NOW, AUTHOR_KEY)
    with read(engine) as conn:
        assert search(conn, ["停电"]) == []
        assert count(conn, ["停电"]) == 0
        assert [row.key for row in search(conn, ["来电"])] == ["0"]
    assert check(engine) == []


DAMAGE = {
    "sqlite": [
        "DROP TABLE search_index",
        "DELETE FROM search_index_data WHERE id > 10",
        "UPDATE search_index_data SET block = zeroblob(20) WHERE id > 10",
        "DELETE FROM search_index_docsize WHERE id = (SELECT max(id) FROM search_index_docsize)",
        "INSERT INTO search_index(rowid, title, text) VALUES (7, '停电', '停电')",
        "INSERT INTO search_index(search_index) VALUES ('delete-all')",
    ],
    "postgresql": [
        "DROP TABLE search_texts",
        "DELETE FROM search_texts WHERE post_id = 1",
        "UPDATE search_texts SET text = 'x' WHERE post_id = 1",
    ],
}


@pytest.mark.parametrize(
    ("database", "damage"), [(name, sql) for name, all_ in DAMAGE.items() for sql in all_]
)
def test_a_damaged_index_is_reported_and_can_be_made_anew(
    request: pytest.FixtureRequest, database: str, damage: str
) -> None:
    from db.engine import open_engine

    engine = open_engine(request.getfixturevalue(f"{database}_url"))
    fill(engine, TEXTS)
    assert check(engine) == []
    with write(engine) as conn:
        conn.execute(text(damage))
    engine.dispose()
    assert check(engine), "the damage was not seen"
    if "DROP TABLE search_texts" not in damage:
        with write(engine) as conn:
            assert rebuild(conn) == len(TEXTS)
        assert check(engine) == []
        with read(engine) as conn:
            assert [row.key for row in search(conn, ["停电"])] == expected(["停电"], TEXTS)
    engine.dispose()


def test_tokens_are_each_character_with_its_successor() -> None:
    assert pairs("") == ""
    assert pairs("停电 k") == "停电 电\x1f \x1fk k\x1e"
    assert phrase("电") == '"电" *'
    assert phrase('电"低') == '"电"" ""低"'
