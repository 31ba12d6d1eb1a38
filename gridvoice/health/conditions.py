"""What is wrong around the store: no way to people, a full disk, a task or process that failed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from alerts.channels.opening import ChannelStatus
from domain.clock import utc_now
from domain.masking.mask import mask
from domain.trouble import Trouble
from gridvoice.processes.periodic import PeriodicTasks, Task
from gridvoice.processes.supervisor import SILENT
from gridvoice.settings.configuration import Configuration
from gridvoice.settings.general import DiskSettings

_SOON = timedelta(minutes=1)
_MB = 1024 * 1024
_SHOWN_S = 600.0
_TELL_RESTARTS = 3


def people_troubles(config: Configuration) -> list[Trouble]:
    """Whether what we have to say comes to anybody's eyes."""
    found = [
        Trouble(
            key=f"config:{opened.name}",
            what=f"预警通道“{opened.title}”配置有误：{opened.problem}",
            todo="请改正 channels.yaml 或密钥后重启。",
            alarm=True,
            tell_after=_SOON,
        )
        for opened in config.channels.values()
        if opened.status is ChannelStatus.BROKEN
    ]
    if not any(opened.is_way_to_people for opened in config.channels.values()):
        names = "、".join(
            o.title
            for o in config.channels.values()
            if o.reaches_people and o.status is ChannelStatus.NOT_CONFIGURED
        )
        found.append(
            Trouble(
                key="people",
                what="没有任何通道通到人" + (f"：{names} 未配置。" if names else "。"),
                todo="预警只写入文件和日志。请设置 channels.yaml 中写明的环境变量后重启，"
                "再用 gridvoice alerts test 通道名 试发。",
                alarm=True,
                tell_after=_SOON,
            )
        )
    return found


def disk_troubles(folders: Iterable[Path], limits: DiskSettings) -> list[Trouble]:
    """Disks of these folders that are nearly full; a disk is named once."""
    found: dict[int, Trouble] = {}
    for folder in folders:
        try:
            device, usage = os.stat(folder).st_dev, shutil.disk_usage(folder)
        except OSError:
            continue  # not there any more: the store says so itself
        free, percent = usage.free // _MB, 100 * usage.free / max(usage.total, 1)
        if free < limits.free_mb or percent < limits.free_percent:
            found[device] = Trouble(
                key="disk",
                what=f"磁盘快满：{folder} 所在磁盘只剩 {free} MB（{percent:.1f}%）。",
                todo="写满后新帖与预警都存不了；请清理空间或扩容。",
                alarm=True,
                tell_after=_SOON,
            )
    return list(found.values())[:1]


def task_troubles(tasks: PeriodicTasks) -> list[Trouble]:
    """Tasks that have finished no pass for too long, or none yet: ready is what has shown it."""
    found = [_standing_still(task) for task in tasks.failing()]
    if starting := tasks.starting():
        names = "、".join(task.title for task in starting)
        found.append(
            Trouble(
                key="start",
                what=f"系统正在启动：{names} 还没有完成第一轮。",
                todo="若一分钟后仍是如此，请查看日志。",
                blocks=True,
            )
        )
    return found


def _standing_still(task: Task) -> Trouble:
    idle = time.monotonic() - task.finished_at
    why = "，没有响应"
    if task.failures:
        why = f"，已连续失败 {task.failures} 次：{mask(task.problem)[:160]}"
    return Trouble(
        key=f"task:{task.name}",
        what=f"任务“{task.title}”已 {idle:.0f} 秒没有完成一轮{why}。",
        todo="它经手的事暂时停着；数据库恢复后会自动继续，否则请查看日志。",
        alarm=True,
        blocks=True,
        tell_after=_SOON,
    )


class Restarted:
    """That the supervisor had to start this process anew: shown for a while, and told where it had
    hung or does not come to rest."""

    def __init__(self, times: int, reason: str, zone: ZoneInfo) -> None:
        self._times, self._began = times, time.monotonic()
        hung = reason == SILENT
        how = "没有响应" if hung else f"意外结束（{reason}）"
        again = f"，连续第 {times} 次" if times > 1 else ""
        self._trouble = Trouble(
            key="restart",
            what=f"主进程曾{how}，{utc_now().astimezone(zone):%H:%M} 已自动重启{again}。",
            todo="断点前后的帖文与预警会自动补上；若反复出现，请查看日志。",
            tell_after=timedelta(0) if hung or times >= _TELL_RESTARTS else None,
            lasts=False,
        )

    def __call__(self) -> list[Trouble]:
        shown = self._times and time.monotonic() - self._began < _SHOWN_S
        return [self._trouble] if shown else []
