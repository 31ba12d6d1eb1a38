"""Is the store sound? Every finding is a sentence for the operator, with what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import DatabaseError

from db import schema
from db.faults import is_broken
from db.tables import posts, search_texts, versions
from domain.query.spelling import searchable
from domain.text import fold

_REBUILD = "请停机后运行 gridvoice db reindex 重建检索索引"
RESTORE = (
    "数据文件已损坏, 请停机后用备份替换它 (连同 -wal、-shm 一起移开); 没有备份时, 可用 sqlite3 的"
    " .recover 命令把读得出的部分救到新文件"
)
_SHOWN = 20


def find_problems(conn: Connection) -> list[str]:
    """What is wrong, in Chinese; empty: nothing was found. Reads all of it, writes nothing."""
    structure = _unless_broken(conn, _structure)
    if structure:
        return structure
    steps = [_current_versions, _search_texts]
    if conn.dialect.name == "sqlite":
        steps = [_pages, _foreign_keys, _current_versions, _search_index]
    problems: list[str] = []
    for step in steps:
        problems += _unless_broken(conn, step)
        if conn.invalidated:  # a broken page costs the connection: nothing more is read over it
            break
    return problems


def _structure(conn: Connection) -> list[str]:
    """Where it is another's, nothing below it can be read."""
    try:
        if not schema.is_at_head(conn):
            at = schema.current(conn) or "空"
            return [f"数据库结构版本是 {at}, 程序需要 {schema.head()}: 请运行 gridvoice db upgrade"]
    except schema.NewerStore as newer:
        return [str(newer)]
    return [f"数据库结构与程序不符: {line}; 请从备份恢复" for line in schema.differences(conn)]


def _unless_broken(conn: Connection, step: Callable[[Connection], list[str]]) -> list[str]:
    """A step's findings. A page that cannot be read is a finding too, not an end of the check."""
    try:
        return step(conn)
    except DatabaseError as error:
        if conn.dialect.name != "sqlite" or not is_broken(error):
            raise  # on PostgreSQL the transaction is gone with it
        return [f"检查中断 ({_TITLES[step]}): {error.orig}; {RESTORE}"]


def _pages(conn: Connection) -> list[str]:
    found = conn.exec_driver_sql(f"PRAGMA integrity_check({_SHOWN})").scalars()
    return [f"数据文件完整性: {line}; {RESTORE}" for line in found if line != "ok"]


def _foreign_keys(conn: Connection) -> list[str]:
    found = conn.exec_driver_sql("PRAGMA foreign_key_check").all()
    return [f"{row[0]} 第 {row[1]} 行指向不存在的 {row[2]}; {RESTORE}" for row in found[:_SHOWN]]


def _current_versions(conn: Connection) -> list[str]:
    """posts.version_id has no foreign key (it would close a ring): looked at here."""
    statement = (
        select(posts.c.id)
        .outerjoin(
            versions, (versions.c.id == posts.c.version_id) & (versions.c.post_id == posts.c.id)
        )
        .where(versions.c.id.is_(None))
        .order_by(posts.c.id)
    )
    lost = conn.execute(statement.limit(_SHOWN)).scalars()
    return [f"帖文 {post_id} 没有当前版本; {RESTORE}" for post_id in lost]


def _search_index(conn: Connection) -> list[str]:
    """SQLite: each post is indexed with exactly its characters, and the lists add up to them."""
    indexed: dict[int, tuple[int, ...]] = {
        row[0]: _numbers(row[1])
        for row in conn.exec_driver_sql("SELECT id, sz FROM search_index_docsize")
    }
    problems: list[str] = []
    title_tokens = text_tokens = 0
    for post_id, row, title, body in _posts(conn):
        expected = (len(fold(title)), len(fold(body)))
        title_tokens += expected[0]
        text_tokens += expected[1]
        found = indexed.pop(row, None)
        if found != expected:
            state = "不在检索索引中" if found is None else "与检索索引不符"
            problems.append(f"帖文 {post_id} {state}; {_REBUILD}")
    problems += [f"检索索引第 {row} 行没有帖文; {_REBUILD}" for row in indexed]
    # Every list of the index is read here: a page that is broken or gone shows.
    conn.exec_driver_sql(
        "CREATE VIRTUAL TABLE temp.search_words USING fts5vocab('main', 'search_index', 'col')"
    )
    sums = conn.exec_driver_sql("SELECT col, sum(cnt) FROM temp.search_words GROUP BY col")
    held = {row[0]: row[1] for row in sums}
    conn.exec_driver_sql("DROP TABLE temp.search_words")
    for name, tokens in (("title", title_tokens), ("text", text_tokens)):
        if held.get(name, 0) != tokens:
            problems.append(
                f"检索索引 {name} 列有 {held.get(name, 0)} 个词位, 帖文有 {tokens} 个; {_REBUILD}"
            )
    return _shortened(problems)


def _search_texts(conn: Connection) -> list[str]:
    """PostgreSQL: the folded texts are those of the posts."""
    missing = (
        select(posts.c.id)
        .outerjoin(search_texts, search_texts.c.post_id == posts.c.id)
        .where(search_texts.c.post_id.is_(None))
    )
    problems = [
        f"帖文 {post_id} 不在检索索引中; {_REBUILD}" for post_id in conn.execute(missing).scalars()
    ]
    both = (
        select(
            posts.c.id, versions.c.title, versions.c.text, search_texts.c.title, search_texts.c.text
        )
        .join(versions, versions.c.id == posts.c.version_id)
        .join(search_texts, search_texts.c.post_id == posts.c.id)
    )
    for post_id, title, body, folded_title, folded_text in conn.execute(both):
        if (searchable(title), searchable(body)) != (folded_title, folded_text):
            problems.append(f"帖文 {post_id} 与检索索引不符; {_REBUILD}")
    return _shortened(problems)


def _posts(conn: Connection) -> Any:
    statement = select(posts.c.id, posts.c.search_row, versions.c.title, versions.c.text)
    return conn.execute(statement.join(versions, versions.c.id == posts.c.version_id))


def _shortened(problems: list[str]) -> list[str]:
    if len(problems) <= _SHOWN:
        return problems
    return [*problems[:_SHOWN], f"…另有 {len(problems) - _SHOWN} 处同类问题; {_REBUILD}"]


def _numbers(packed: bytes) -> tuple[int, ...]:
    """FTS5's token counts: SQLite varints, seven bits a byte, the high bit: more follow."""
    numbers: list[int] = []
    value = 0
    for byte in packed:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(value)
            value = 0
    return tuple(numbers)


_TITLES: dict[Callable[[Connection], list[str]], str] = {
    _structure: "结构",
    _pages: "数据页",
    _foreign_keys: "外键",
    _current_versions: "当前版本",
    _search_index: "检索索引",
    _search_texts: "检索索引",
}
