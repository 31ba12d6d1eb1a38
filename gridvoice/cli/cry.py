"""The supervisor's last word: the service does not come up, and nobody else is left to say so.

    python -P -m gridvoice.cli.cry --reason TEXT [--config DIR] [--data DIR]

No database: the message goes to the operator straight by the configured channels.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import timedelta

from gridvoice.cli.main import finished
from gridvoice.cli.options import configuration, with_common


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit 0: somebody was told, 1: nobody could be."""
    parser = with_common(argparse.ArgumentParser())
    parser.add_argument("--reason", required=True)
    args = parser.parse_args(arguments)
    return finished(lambda: _cry(args))


def _cry(args: argparse.Namespace) -> int:
    from domain.trouble import Trouble
    from gridvoice.health.told import Told
    from gridvoice.processes.logs import set_up
    from gridvoice.tasks.tell_operator import Operator

    set_up()
    down = Trouble(
        key="service",
        what=f"系统起不来：多次启动都没有成功（{args.reason}），采集、研判与推送都停着。",
        todo="请登录服务器查看日志；系统会继续每半分钟尝试启动一次。",
        alarm=True,
        tell_after=timedelta(0),
    )
    told = Told()
    Operator(configuration(args), lambda: [down], told, without_memory_s=-1.0)(lambda: True)
    return 0 if told.has_told(down.key) else 1


if __name__ == "__main__":
    raise SystemExit(main())
