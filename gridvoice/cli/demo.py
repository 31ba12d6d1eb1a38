"""`gridvoice demo`: see the whole system at work, from nothing, on this machine alone."""

from __future__ import annotations

import argparse
import shutil
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridvoice.cli.options import Unusable, command, config_dir
from gridvoice.cli.output import emit, say, table

if TYPE_CHECKING:
    from gridvoice.demo.receivers.receiver import Accepted
    from gridvoice.demo.run import Journey
    from gridvoice.demo.town import TownCheck


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = command(commands, "demo", "演示: 随附小镇, 真实采集, 本地中心, 控制台", run)
    parser.add_argument("--once", action="store_true", help="首批预警送达后结束")
    parser.add_argument(
        "--town", default="first", metavar="NAME|FILE", help="first | second | 文件"
    )
    parser.add_argument("--pace", type=float, default=1.0, metavar="N", help="剧本快慢")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="控制台端口")
    parser.add_argument("--keep", metavar="DIR", help="保留数据到此目录")


def run(args: argparse.Namespace) -> int:
    from domain.input.load import BadSettings
    from gridvoice.demo.town import load_town

    if not args.pace > 0:
        raise Unusable("--pace 须大于 0")
    try:
        town = load_town(args.town)
    except BadSettings as bad:
        raise Unusable(str(bad)) from None
    except FileNotFoundError:
        raise Unusable(f"没有小镇 {args.town!r}: first, second, 或一个 YAML 文件") from None
    folder = Path(args.keep) if args.keep else Path(tempfile.mkdtemp(prefix="gridvoice-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return _run(args, town, folder)
    finally:
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _run(args: argparse.Namespace, town: Any, folder: Path) -> int:
    import asyncio

    from db.engine import open_engine, upgrade
    from gridvoice.console.app import console_of
    from gridvoice.demo import run as demo_run
    from gridvoice.processes.logs import set_up
    from gridvoice.service.service import Service
    from gridvoice.settings.configuration import load

    set_up(quiet=True)
    later = not args.once
    shipped = config_dir(args)
    listener = _open_listener(args.port)
    port = int(listener.getsockname()[1])
    with (
        listener,
        demo_run.opened(town, shipped, folder, pace=args.pace, later=later, port=port) as demo,
    ):
        (folder / "gridvoice.db").unlink(missing_ok=True)
        url = f"sqlite:///{folder / 'gridvoice.db'}"
        engine = open_engine(url)
        upgrade(engine)
        service = Service(
            load(demo.config_dir, folder), engine, url, folder, quiet=True, listener=listener
        )
        service.console = console_of(service)
        if not args.json:
            say(f"小镇 {town.name}: {demo.site.base_url}/liuyan/   控制台: http://127.0.0.1:{port}")
            say("帖文陆续出现，预警如下" + ("" if args.once else "（Ctrl-C 结束）") + "：")
        else:
            emit({"type": "start", "console": f"http://127.0.0.1:{port}"})
        asyncio.run(
            service.serve(demo_run.watch(demo, engine, args.once, lambda a: _told(args, a)))
        )
        assessment = demo_run.assessment_on(demo, engine)
        return _finish(args, demo, engine, demo_run.journeys(demo, engine), assessment)


def _told(args: argparse.Namespace, accepted: Accepted) -> None:
    body = accepted.body
    if args.json:
        emit(
            {
                "type": "alert",
                "incident": body["number"],
                "reason": body["reason"],
                "report_no": body["report_no"],
                "title": body["title"],
                "category": body["category"],
                "severity": body["severity"],
                "place": body["place"],
                "posts": body["post_count"],
                "channel": "centre",
            }
        )
    else:
        place = body["place"] or "地点不明"
        say(
            f"  ▶ {body['number']} 第{body['report_no']}报【{body['severity_title']}·"
            f"{body['reason_title']}】{place} {body['category_title']}：{body['title']}"
            f"（{body['post_count']}帖）"
        )


def _finish(
    args: argparse.Namespace, demo: Any, engine: Any, found: list[Journey], assessment: TownCheck
) -> int:
    from db import incidents, posts
    from db.engine import read
    from domain.assessments import Severity

    with read(engine) as conn:
        total, counted = posts.count_posts(conn), incidents.count_incidents(conn)
    right = assessment.is_right
    if args.json:
        emit(
            {
                "type": "summary",
                "alerts": len(demo.told),
                "first_alerts": len(found),
                "posts": total,
                "incidents": sum(counted.values()),
                "seconds": {
                    "readable_to_found": _most(j.found for j in found),
                    "readable_to_assessed": _most(j.assessed for j in found),
                    "readable_to_alerted": _most(j.alerted for j in found),
                },
                "right": right,
                "missing": list(assessment.missing),
                "wrong": list(assessment.wrong),
                "repeated": list(assessment.repeated),
            }
        )
    else:
        say()
        table(
            ("事件", "等级", "事由", "发现", "研判", "预警送达"),
            [
                (j.number, Severity(j.severity).label, j.title[:24],
                 f"{j.found:.1f} 秒", f"{j.assessed:.1f} 秒", f"{j.alerted:.1f} 秒")
                for j in found
            ],
        )  # fmt: skip
        say(f"（自帖文可读起算）共采集 {total} 帖，{sum(counted.values())} 个事件。")
        if args.once:
            say("✓ 真实事件各预警一次，陷阱一个未报。" if right else "✗ 与剧本不符：")
        for line in (
            (*assessment.missing, *assessment.wrong, *assessment.repeated) if args.once else ()
        ):
            say(f"  {line}")
    return 0 if right or not args.once else 1


def _most(values: Any) -> float | None:
    return max(values, default=None)


def _open_listener(port: int) -> socket.socket:
    """The console's socket, held from now on: the port asked for, else 8650, else any."""
    from gridvoice.service.console_server import PortTaken, open_listener

    for candidate in (port,) if port else (8650, 0):
        try:
            return open_listener("127.0.0.1", candidate)
        except (PortTaken, OverflowError):
            continue
    raise Unusable(
        f"控制台端口 {port} 无法使用; 用 --port 换一个" if port else "没有可用的本机端口"
    )
