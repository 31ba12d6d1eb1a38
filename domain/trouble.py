"""Trouble: what is wrong with the system itself, in words for whoever tends it.

One value for every place that shows it: the console's banners, the answer to a supervisor, the
message to the operator.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

_NAMED = 3  # of many in the same trouble, so many by name


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong and what to do about it, both in Chinese and masked.

    `key` is its identity over time: the kind, then a colon and which one where there are several.
    """

    key: str
    what: str  # where `subject` is set: what befell it, without its name
    todo: str
    alarm: bool = False  # alerts may be late or lost; else a warning
    blocks: bool = False  # the system is not ready while it lasts
    href: str = ""  # where the console shows more
    subject: str = ""  # the one that it befell, where it may befall many alike
    tell_after: timedelta | None = None  # the operator hears of it when it lasted so long; never
    lasts: bool = True  # False: something that happened; nobody is told that it is over

    @property
    def kind(self) -> str:
        return self.key.split(":")[0]

    @property
    def line(self) -> str:
        """The trouble in one sentence."""
        return f"{self.what}：{self.subject}。" if self.subject else self.what


def folded(troubles: Iterable[Trouble]) -> list[Trouble]:
    """The gravest first; those of one kind that befell many are one, with the first few named."""
    groups: dict[tuple[str, ...], list[Trouble]] = {}
    for trouble in troubles:
        alike = (trouble.kind, trouble.what) if trouble.subject else (trouble.key,)
        groups.setdefault(alike, []).append(trouble)
    found = []
    for group in groups.values():
        first = group[0]
        if len(group) > 1:
            more = f" 等 {len(group)} 个" if len(group) > _NAMED else ""
            named = "、".join(t.subject for t in group[:_NAMED])
            first = replace(first, subject=named + more, alarm=any(t.alarm for t in group))
        found.append(first)
    return sorted(found, key=lambda t: (not t.blocks, not t.alarm))


_SAID = {
    errno.ENOENT: "没有这个文件或目录",
    errno.EACCES: "没有权限",
    errno.EPERM: "不允许",
    errno.EISDIR: "是目录, 不是文件",
    errno.ENOTDIR: "路径中有一段不是目录",
    errno.EEXIST: "已经存在",
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "超出磁盘配额",
    errno.EFBIG: "超出文件大小的限制",
    errno.EROFS: "文件系统只读",
    errno.EIO: "读写失败, 请检查硬盘",
    errno.EMFILE: "打开的文件太多",
    errno.ENFILE: "打开的文件太多",
    errno.ENAMETOOLONG: "名称太长",
    errno.ENOMEM: "内存不足",
    errno.EAGAIN: "系统资源不足",
    errno.EADDRINUSE: "已被占用",
    errno.EADDRNOTAVAIL: "不是本机地址",
}

# What befalls whoever writes or opens just then, whatever it is: nobody's bug.
_OF_THE_MACHINE = frozenset(
    (
        errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE,
        errno.ENOMEM,
    )
)  # fmt: skip


def machine_trouble(error: BaseException) -> str | None:
    """Why, in Chinese, where a disk that is full or broken or a used-up machine refused what was to
    be done; None: it was something else."""
    if not isinstance(error, OSError) or error.errno not in _OF_THE_MACHINE:
        return None
    named = f"{error.filename}: " if error.filename else ""
    return f"{named}{os_trouble(error)}"


def os_trouble(error: OSError) -> str:
    """Why, in Chinese; in the system's words where we have none, as much as there is."""
    return _SAID.get(error.errno or 0) or error.strerror or str(error)
