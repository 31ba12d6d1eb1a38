"""Serves a JSONL file of posts as a message board on loopback, for a crawler to read.

    tools/serve_posts.py FILE[.gz] [--port N] [--write-source FILE.yaml]

Fields of a line: id, title, text, and where there are any published_at, region, reply, reply_at.
List pages hold 50 posts, newest first; every post has its page. Prints its address and serves
until SIGTERM or Ctrl-C, then exits 0. Exit 2: the file cannot be used; the message says why.
"""

from __future__ import annotations

import argparse
import gzip
import html
import json
import re
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import quote, unquote

import yaml

# Also where only this checkout, not the package, is there.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from domain.clock import SHANGHAI, parse_time
from gridvoice.demo.web import NOT_FOUND, DemoPage, LocalServer

ROWS = 50
_DETAIL = re.compile(r"/post/(.+)\.html")
_HTML = "text/html; charset=utf-8"
_HEAD = '<!DOCTYPE html>\n<html lang="zh"><head><meta charset="utf-8"><title>'


class BadFile(Exception):
    """The posts cannot be served; the text says which line and why."""


@dataclass(frozen=True, slots=True)
class BoardPost:
    id: str
    title: str
    text: str
    published_at: datetime | None
    region: str
    reply: str
    reply_at: datetime | None


def read_posts(path: Path) -> list[BoardPost]:
    """The posts of the file, newest first, those without a time last. Raises BadFile."""
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as lines
    ):
        posts = list(_read(lines, path.name))
    if not posts:
        raise BadFile(f"{path.name}: holds no post")
    earliest = datetime.min.replace(tzinfo=UTC)
    return sorted(posts, key=lambda p: p.published_at or earliest, reverse=True)


def _read(lines: Iterator[str] | Any, name: str) -> Iterator[BoardPost]:
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            post = BoardPost(
                id=str(row["id"]),
                title=str(row.get("title") or row["text"][:30]),
                text=str(row["text"]),
                published_at=_time(row.get("published_at")),
                region=str(row.get("region") or ""),
                reply=str(row.get("reply") or ""),
                reply_at=_time(row.get("reply_at")),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise BadFile(f"{name}:{number}: {type(error).__name__}: {error}") from None
        if post.id in seen:
            raise BadFile(f"{name}:{number}: id {post.id!r} is given twice")
        seen.add(post.id)
        yield post


def _time(value: str | None) -> datetime | None:
    return parse_time(value) if value else None


class Board:
    """The posts as pages."""

    def __init__(self, posts: Sequence[BoardPost]) -> None:
        self.posts = posts
        self.by_id = {post.id: post for post in posts}
        self.pages = -(-len(posts) // ROWS)

    def answer(self, path: str, query: Mapping[str, str]) -> DemoPage:
        if match := _DETAIL.fullmatch(path):
            post = self.by_id.get(unquote(match[1]))
            return self._detail(post) if post else NOT_FOUND
        if path == "/":
            number = query.get("page", "1")
            if number.isdecimal() and 1 <= int(number) <= self.pages:
                return self._list(int(number))
        if path == "/robots.txt":
            return DemoPage(b"User-agent: *\nDisallow:\n", "text/plain")
        return NOT_FOUND

    def _list(self, number: int) -> DemoPage:
        rows = "\n".join(
            f'<li><a href="/post/{quote(p.id, safe="")}.html" title="{html.escape(p.title)}">'
            f'{html.escape(p.title)}</a> <span class="time">{_shown(p.published_at)}</span></li>'
            for p in self.posts[(number - 1) * ROWS : number * ROWS]
        )
        following = f'<a class="next" href="/?page={number + 1}">下一页</a>'
        body = (
            f'{_HEAD}留言列表</title></head>\n<body><ul class="posts">\n{rows}\n</ul>\n'
            f'<p class="pages">第{number}页，共{self.pages}页 '
            f"{following if number < self.pages else ''}</p></body></html>\n"
        )
        return DemoPage(body.encode("utf-8"), _HTML)

    def _detail(self, post: BoardPost) -> DemoPage:
        title = html.escape(post.title)
        text = html.escape(post.text).replace("\n", "<br>\n")
        reply = ""
        if post.reply:
            reply = (
                f'<div class="reply"><span class="reply-time">{_shown(post.reply_at)}</span>\n'
                f'<div class="reply-text">{html.escape(post.reply)}</div></div>\n'
            )
        body = (
            f"{_HEAD}{title}</title></head>\n<body><h1>{title}</h1>\n"
            f'<p class="info"><span class="region">{html.escape(post.region)}</span> '
            f'<span class="time">{_shown(post.published_at)}</span></p>\n'
            f'<div class="content">{text}</div>\n{reply}</body></html>\n'
        )
        return DemoPage(body.encode("utf-8", "replace"), _HTML)


def _shown(moment: datetime | None) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" if moment else ""


def source_file(base_url: str, pages: int) -> str:
    """The source file (YAML) for a board of so many list pages at `base_url`."""
    source = {
        "name": "served_posts",
        "title": "留言板（本机）",
        "kind": "board",
        "channel": "gov_board",
        "every": "10s",
        "url": f"{base_url}/",
        "private_host": True,
        "limits": {
            "delay": "0s",
            "concurrency": 4,
            "max_pages": min(500, max(5, pages)),
            "max_details": 5000,
        },
        "board": {
            "item": "ul.posts li",
            "link": "a::attr(href)",
            "title": "a::attr(title)",
            "time": "span.time",
            "key": "a::attr(href)",
            "key_pattern": r"/post/(.+)\.html$",
            "next": "a.next::attr(href)",
            "detail": {
                "title": "h1",
                "body": "div.content",
                "time": "p.info span.time",
                "region": "span.region",
                "reply": "div.reply-text",
                "reply_time": "span.reply-time",
            },
        },
    }
    return yaml.safe_dump(source, allow_unicode=True, sort_keys=False)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="JSONL or JSONL.gz of posts")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--write-source", type=Path, help="write the matching source file here")
    options = parser.parse_args(arguments)
    try:
        board = Board(read_posts(options.file))
        server = LocalServer(board.answer, options.port)
    except (BadFile, OSError) as error:
        print(f"serve_posts: {error}", file=sys.stderr)
        return 2
    done = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        done.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with server:
        if options.write_source:
            text = source_file(server.base_url, board.pages)
            options.write_source.write_text(text, encoding="utf-8")
        print(f"{len(board.posts)} posts at {server.base_url}/", flush=True)
        done.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
