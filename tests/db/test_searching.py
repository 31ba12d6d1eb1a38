"""Search means: exact substrings of folded title or text, newest first."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from found_posts import AUTHOR_KEY, NOW, found
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, event, text

from db.engine import check, read, write
from db.query_sql import searched
from db.search import Hit, count, search
from db.search_index import (
    first_row_of_hour,
    is_whole_hour,
    last_row_before,
    merge,
    pairs,
    phrase,
    rebuild,
)
from db.tables import posts
from db.take_in import take_in
from domain.clock import SHANGHAI
from domain.query.match import matches
from domain.query.spelling import searchable
from domain.query.tree import And, Field, Not, Or, Query, Range, Words
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


def asked(*words: str) -> Query:
    return And(tuple(Words(searchable(word)) for word in words))


def keys(hits: list[Hit]) -> list[str]:
    return [hit.post.key for hit in hits]


def test_every_word_is_found_exactly_where_it_stands(engine: Engine) -> None:
    fill(engine, TEXTS)
    with read(engine) as conn:
        for word in WORDS:
            hits = keys(search(conn, asked(word)))
            assert hits == expected([fold(word)], TEXTS), repr(word)
            assert count(conn, asked(word)) == len(hits)
        for words in (["停电", "电压低"], ["电", "停", "计划停电"], ["kv", "跳闸"], ["无", "停"]):
            assert keys(search(conn, asked(*words))) == expected(words, TEXTS)


def test_no_word_crosses_from_title_to_text(engine: Engine) -> None:
    fill(engine, [("小区停", "电三天"), ("小区", "停电")])
    with read(engine) as conn:
        assert keys(search(conn, asked("停电"))) == ["1"]
        assert keys(search(conn, asked("小区", "停"))) == ["0", "1"]


def test_what_is_unseen_hides_no_word(engine: Engine) -> None:
    fill(engine, [("停\u200b电", "三\xad天"), ("\ufeff", "停\u202e電❤\ufe0f了"), ("", "停 电")])
    with read(engine) as conn:
        assert keys(search(conn, asked("停电"))) == ["0", "1"]
        assert keys(search(conn, asked("停\u2060电", "三天"))) == ["0"]
        assert keys(search(conn, asked("电❤了"))) == ["1"]
        (hit,) = search(conn, asked("三天"))
        assert [(s.field, hit.post.text[s.start : s.end]) for s in hit.spans] == [
            ("text", "三\xad天")
        ]
    assert check(engine) == []


def test_or_and_not_mean_what_they_say(engine: Engine) -> None:
    fill(engine, TEXTS)
    outage, low, planned = Words("停电"), Words("电压低"), Words("计划停电")
    weather = Words("天气")
    with read(engine) as conn:
        for query, hits in (
            (Or((planned, weather)), ["2", "6"]),
            (And((outage, Not(low))), ["5"]),
            (And((Not(low), outage, Not(weather))), ["5"]),
            (Not(Or((outage, low, Words("电")))), ["6"]),
            (And((Or((outage, weather)), Not(planned))), ["0", "4", "5", "6"]),
            (And((low, Or((Not(outage), planned)))), ["2"]),
            (Or((weather, Field("channel", "weibo"))), ["6"]),
            (Or(()), []),
            (And(()), [str(n) for n in range(len(TEXTS))]),
        ):
            assert keys(search(conn, query)) == hits, query
            assert count(conn, query) == len(hits), query


# Short enough that words meet texts, with all that a reader could mistake for a sign of its own.
SIGNS = list(
    "电停压低壓龘aＡK1１%_\\.。\"'*()-:^{}+~\n\x00\x1e\x1f\x7f\u3000\u200b\u200d\ufe0f\u0301\ufffd👍🇨𠮷𝐀"
)
PIECES = [
    *SIGNS,
    "停电",
    "電壓",
    "低电压",
    "10kV",
    "ＳＶＧ",
    "and",
    "NOT",
    "👍🏽",
    "🇨🇳",
    "…",
    "ﬁ",
    "㎾",
]
texts_of_pieces = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
any_text = st.one_of(texts_of_pieces, st.text(max_size=8))
any_words = (
    st.one_of(
        st.sampled_from(PIECES),
        st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map("".join),
        st.text(min_size=1, max_size=3),
    )
    .map(searchable)
    .filter(bool)  # nobody can ask for what is unseen
    .map(Words)
)
moments = st.one_of(
    st.integers(0, 8).map(lambda hours: NOW.replace(minute=0) - timedelta(hours=hours)),
    st.integers(0, 480).map(lambda minutes: NOW - timedelta(minutes=minutes)),
    st.integers(1, 999_999).map(lambda micros: NOW - timedelta(hours=2, microseconds=micros)),
)
any_field = st.sampled_from(["weibo", "forum", "gov_board", "%", ""]).map(
    lambda channel: Field("channel", channel)
)
any_range = st.builds(Range, st.just("event_at"), st.none() | moments, st.none() | moments)
any_tree: st.SearchStrategy[Query] = st.recursive(
    st.one_of(any_words, any_words, any_field, any_range),
    lambda parts: st.one_of(
        st.lists(parts, max_size=3).map(lambda p: And(tuple(p))),
        st.lists(parts, max_size=3).map(lambda p: Or(tuple(p))),
        parts.map(Not),
    ),
    max_leaves=6,
)
# Half of them in the shape that people's queries have.
any_query = st.one_of(any_tree, st.tuples(any_range, any_words, any_tree).map(lambda p: And(p)))
any_posts = st.lists(
    st.tuples(any_text, any_text, st.sampled_from(["weibo", "forum"]), moments), max_size=6
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(stored=any_posts, query=any_query, limit=st.integers(1, 3), offset=st.integers(0, 2))
def test_index_sql_and_memory_agree_on_any_text(
    engine: Engine,
    stored: list[tuple[str, str, str, datetime]],
    query: Query,
    limit: int,
    offset: int,
) -> None:
    batch = [
        found(str(n), body, title=title, channel=channel, published_at=at)
        for n, (title, body, channel, at) in enumerate(stored)
    ]
    with engine.connect() as conn, conn.begin() as transaction:
        take_in(conn, batch, NOW, AUTHOR_KEY)
        everything = [hit.post for hit in search(conn, And(()), limit=0)]
        assert len(everything) == len(batch)
        in_memory = [post.key for post in everything if matches(query, post)]
        assert keys(search(conn, query, limit=0)) == in_memory
        assert keys(search(conn, query, limit, offset)) == in_memory[offset : offset + limit]
        assert count(conn, query) == len(in_memory)
        by_condition = conn.execute(searched(query, conn.dialect.name, posts.c.key)).scalars()
        assert sorted(by_condition) == sorted(in_memory)
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
        assert keys(search(conn, asked("停电"), limit=20)) == order[:20]
        assert keys(search(conn, asked("停电"), limit=20, offset=15)) == order[15:35]
        assert keys(search(conn, asked("停电"), limit=0)) == order
        # a word of one character is looked for in the newest posts first
        assert keys(search(conn, asked("电"), limit=5, offset=2)) == order[2:7]
        assert keys(search(conn, asked("电"), limit=500, offset=80)) == order[80:]
        assert search(conn, And((Field("channel", "weibo"), asked("电"))), 5) == []
        assert keys(search(conn, asked("电", "第7村"), limit=1)) == ["7"]
        assert keys(search(conn, And(()), limit=5)) == order[:5]


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
    between, outage = Range("event_at", since, until), asked("停电")
    weibo = Field("channel", "weibo")
    with read(engine) as conn:
        assert keys(search(conn, And((between, outage)))) == inside
        assert count(conn, And((between, outage))) == 9
        assert count(conn, between) == 9
        assert (
            count(conn, And((Range("event_at", high=datetime.max.replace(tzinfo=UTC)), outage)))
            == 30
        )
        assert count(conn, And((between, outage, weibo))) == 3
        latest = search(conn, And((Range("event_at", high=until), weibo, outage)), 2)
        assert keys(latest) == ["12", "9"]


@pytest.mark.parametrize("posts_after", [0, 1200])
def test_a_common_sign_that_the_newest_posts_lack_is_found_in_the_old(
    sqlite_engine: Engine, posts_after: int
) -> None:
    batch = [
        found(str(n), "无" if n else "停电", published_at=NOW - timedelta(minutes=3000 - n))
        for n in range(1 + posts_after)
    ]
    with write(sqlite_engine) as conn:
        take_in(conn, batch, NOW, AUTHOR_KEY)
    with read(sqlite_engine) as conn:
        assert keys(search(conn, asked("停"), 5)) == ["0"]
        assert search(conn, asked("没"), 5) == []


def test_rows_and_moments_part_the_posts_alike() -> None:
    hour = datetime(2026, 11, 20, 7, tzinfo=UTC)
    instant, latest = timedelta(microseconds=1), datetime.max.replace(tzinfo=UTC)
    first = first_row_of_hour(hour)
    assert first_row_of_hour(hour + timedelta(hours=1) - instant) == first
    assert last_row_before(hour) == first - 1
    assert last_row_before(hour + instant) == first_row_of_hour(hour + timedelta(hours=1)) - 1
    assert last_row_before(latest) > first_row_of_hour(latest)
    assert is_whole_hour(hour.astimezone(SHANGHAI))
    assert not is_whole_hour(hour - instant)


def test_the_index_is_walked_and_the_posts_looked_up_never_the_other_way(
    sqlite_engine: Engine,
) -> None:
    fill(sqlite_engine, TEXTS)
    steps: list[list[str]] = []

    def look(conn: Connection, _c: Any, sql: str, given: Any, _x: Any, many: bool) -> None:
        if "MATCH" in sql:
            raw: Any = conn.connection.dbapi_connection
            steps.append([row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}", given)])

    event.listen(sqlite_engine, "before_cursor_execute", look)
    query = And((Range("event_at", low=NOW), Field("channel", "weibo"), asked("停电")))
    with read(sqlite_engine) as conn:
        search(conn, query)
        count(conn, query)
    assert [first.split()[:2] for first, *_ in steps] == [["SCAN", "search_index"]] * 2


def test_an_edited_post_is_found_by_its_new_words_only(engine: Engine) -> None:
    fill(engine, [("停电", "小召乡停电了")])
    with write(engine) as conn:
        take_in(conn, [found("0", "已经来电", title="谢谢")], NOW, AUTHOR_KEY)
    with read(engine) as conn:
        assert search(conn, asked("停电")) == []
        assert count(conn, asked("停电")) == 0
        assert keys(search(conn, asked("来电"))) == ["0"]
    assert check(engine) == []


def test_a_joined_index_takes_less_room_and_finds_the_same(engine: Engine) -> None:
    texts = [f"小召乡{n}村停电{n * 7}天没人管，电压低" for n in range(60)]
    for n, words in enumerate(texts):  # a few posts at a time, as they come
        with write(engine) as conn:
            take_in(conn, [found(str(n), words, title="")], NOW, AUTHOR_KEY)
    before = room(engine)
    steps = 0
    more = True
    while more:
        with write(engine) as conn:
            more = merge(conn)
        steps += 1
        assert steps < 100, "it comes to an end"
    assert check(engine) == []
    with read(engine) as conn:
        assert count(conn, asked("没人管")) == len(texts)
        assert keys(search(conn, asked("停电7天"))) == ["1"]
    if engine.dialect.name == "sqlite":
        assert room(engine) < 0.8 * before


def room(engine: Engine) -> int:
    """Bytes of SQLite's index."""
    if engine.dialect.name != "sqlite":
        return 0
    with read(engine) as conn:
        return int(
            conn.execute(text("SELECT sum(length(block)) FROM search_index_data")).scalar_one()
        )


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
            assert keys(search(conn, asked("停电"))) == expected(["停电"], TEXTS)
    engine.dispose()


def test_tokens_are_each_character_with_its_successor() -> None:
    assert pairs("") == ""
    assert pairs("停电 k") == "停电 电\x1f \x1fk k\x1e"
    assert phrase("电") == '"电" *'
    assert phrase('电"低') == '"电"" ""低"'
