"""`gridvoice replay`: a recorded stream through the whole pipeline, on the stream's own clock."""

from __future__ import annotations

import argparse

from gridvoice.cli.assess import open_lines
from gridvoice.cli.options import Unusable, command, configuration, store
from gridvoice.cli.output import complain, emit, progress, say


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = command(commands, "replay", "重放 JSONL 帖文流: 入库、研判、归并、预警", run)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--speed", default="max", metavar="max|N", help="N 倍于原速")
    parser.add_argument("--source", default="replay", metavar="NAME")
    parser.add_argument("--send", action="store_true", help="也发往群聊、短信、电话等通到人的通道")


def run(args: argparse.Namespace) -> int:
    from gridvoice.processes.logs import set_up
    from gridvoice.service.replay import Replayed, not_told, replay, summary

    speed = _speed(args.speed)
    config, engine = configuration(args), store(args)
    if not args.send and (left_out := not_told(config)):
        complain(f"重放不通知人, 未发往: {'、'.join(left_out)}; 确要发出请加 --send")
    set_up(quiet=True)
    done = Replayed()
    try:
        with open_lines(args.file) as lines:
            steps = replay(engine, config, lines, args.source, speed, args.send)
            for step in progress(steps, None, "批"):
                done = step
    finally:  # a store that fails on the way must not hide what is wrong with the file
        for number, problem in done.bad:
            complain(f"{args.file}:{number}: {problem}")
    if done.set_aside:
        complain(f"{done.set_aside} 帖已入库但未能研判, 已搁置: gridvoice set-aside list")
    result = summary(engine, done)
    if args.json:
        emit(result)
    else:
        say(
            f"读入 {result['posts']} 帖, 新入库 {result['stored']}, "
            f"新事件 {result['incidents']}, 预警 {result['alerts']}, "
            f"每秒 {result['posts_per_s']} 帖"
        )
    return 1 if done.bad or done.set_aside else 0


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise Unusable(f"--speed {text!r} 须为 max 或大于 0 的数")
    return speed
