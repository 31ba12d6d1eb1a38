"""`gridvoice config check`: every mistake of the configuration at once, before `run` finds it."""

from __future__ import annotations

import argparse

from gridvoice.cli.options import command, configuration, with_common
from gridvoice.cli.output import emit, say


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = with_common(commands.add_parser("config", help="配置: 检查"))
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="动作")
    command(verbs, "check", "检查全部配置文件, 不连网、不动数据", _check)


def _check(args: argparse.Namespace) -> int:
    config = configuration(args)  # exit 2 with all mistakes
    enabled, all_sources = len(config.enabled_sources), len(config.sources)
    if args.json:
        channels = {name: one.status.value for name, one in config.channels.items()}
        emit({"type": "config", "directory": str(config.directory), "sources": all_sources,
              "enabled": enabled, "channels": channels})  # fmt: skip
        return 0
    say(f"✓ 配置无误: {config.directory}")
    say(f"  信息源 {all_sources} 个, 启用 {enabled} 个")
    for name, one in config.channels.items():
        why = f" ({one.problem})" if one.problem else ""
        say(f"  通道 {name} {one.title}: {one.status.label}{why}")
    return 0
