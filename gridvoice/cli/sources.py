"""`gridvoice sources list / check`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from gridvoice.cli.options import Unusable, command, config_dir, configuration, store, with_common
from gridvoice.cli.output import emit, say, table

if TYPE_CHECKING:
    from crawlers.crawl_settings import CrawlSettings
    from domain.posts import FoundPost


_ENDED = {"new": "有新帖", "nothing_new": "没有新帖", "failed": "失败"}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = with_common(commands.add_parser("sources", help="信息源: 列出, 检查"))
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="动作")
    command(verbs, "list", "全部信息源与健康状况", _list)
    check = command(
        verbs, "check", "检查一个信息源文件: 取页面(或用已存页面), 显示读到的帖文", _check
    )
    check.add_argument("file", metavar="FILE")
    check.add_argument("--saved", action="append", default=[], metavar="PAGE", help="已存页面")
    check.add_argument("--limit", type=int, default=10, metavar="N")


def _list(args: argparse.Namespace) -> int:
    from db import sources
    from db.engine import read
    from domain.clock import parse_time, short
    from gridvoice.contract.sources import source_object

    config = configuration(args)
    with read(store(args)) as conn:
        states = {row.name: row for row in sources.source_rows(conn)}
    rows = [source_object(name, one, states.get(name)) for name, one in config.sources.items()]
    if args.json:
        for row in rows:
            emit(row)
        return 0
    table(
        ("名称", "标题", "类型", "启用", "上次成功", "结果", "连续失败"),
        [
            (
                r["name"],
                r["title"],
                r["kind"],
                "是" if r["enabled"] else "否",
                short(parse_time(r["last_success_at"])) if r["last_success_at"] else "-",
                _ENDED.get(r["outcome"], r["outcome"]) or "-",
                str(r["failures"]),
            )
            for r in rows
        ],
    )
    for r in rows:  # in full: what to do about it stands at its end
        if r["problem"]:
            say(f"✗ {r['name']}: {r['problem']}")
    return 0


def _check(args: argparse.Namespace) -> int:
    from crawlers.kinds.loading import load_source
    from crawlers.process.check import SavedPage, check
    from domain.clock import iso
    from domain.input.load import BadSettings
    from domain.masking.mask import mask
    from gridvoice.contract.posts import shown_post
    from gridvoice.contract.sources import failed, noticed

    path = Path(args.file)
    if not path.is_file():
        named = config_dir(args) / "sources" / f"{args.file}.yaml"
        path = named if named.is_file() else path
    try:
        source = load_source(path, path.name)
    except FileNotFoundError:
        raise Unusable(f"没有文件 {args.file}") from None
    except BadSettings as bad:
        raise Unusable(str(bad)) from None
    saved = [Path(name) for name in args.saved]
    for page in saved:
        if not page.is_file():
            raise Unusable(f"没有文件 {page}")
    pages = [SavedPage(page.name, page.read_bytes()) for page in saved]
    report = check(source, pages, settings=_crawl_settings(config_dir(args)))
    for post in report.posts[: args.limit or None]:
        if args.json:
            emit(shown_post(post))
        else:
            when = iso(post.published_at) if post.published_at else "时间不明"
            say(f"{post.key}  {when}  {mask(post.title)[:40]}")
            say("    " + mask(post.text).replace("\n", " ")[:80])
            if more := _besides(post):
                say("    " + more)
    for notice in report.notices:
        emit(noticed(notice)) if args.json else say(f"! {mask(notice)}")
    for problem in report.problems:
        emit(failed(problem)) if args.json else say(f"✗ {mask(problem)}")
    if not args.json and not report.problems:
        read, shown = len(report.posts), args.limit or len(report.posts)
        say(f"✓ 读到 {read} 帖" + (f", 显示前 {shown} 帖" if shown < read else ""))
        if not saved:
            say("  试读只取前几页; 运行时按信息源的 max_pages、max_details 读")
    return 1 if report.problems else 0


def _besides(post: FoundPost) -> str:
    """What else was read of a post: whoever writes selectors wants to see each of them fit."""
    from domain.masking.mask import mask

    told = {
        "地区": post.region,
        "作者": "有" if post.author else None,
        "互动": " ".join(f"{name} {count}" for name, count in post.engagement.items()),
        "答复": post.reply and post.reply.replace("\n", " ")[:40],
    }
    return mask("  ".join(f"{name}: {value}" for name, value in told.items() if value))


def _crawl_settings(directory: Path) -> CrawlSettings:
    """What the daemon would crawl with; the defaults where its settings cannot be read, as a file
    may be tried out anywhere."""
    from crawlers.crawl_settings import CrawlSettings
    from domain.input.load import BadSettings, load_file
    from gridvoice.settings.general import GeneralSettings

    try:
        return load_file(directory / "gridvoice.yaml", GeneralSettings, "gridvoice.yaml").crawler
    except (BadSettings, FileNotFoundError):
        return CrawlSettings()
