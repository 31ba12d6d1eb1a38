"""The command line's own words, in Chinese: help, and what is wrong with a call."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from domain.masking.plain import seen

# What argparse says, and how we say it. The groups are what was typed and what would be right.
_SAID: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), said)
    for pattern, said in (
        (r"^the following arguments are required: (.*)$", r"缺少: \1"),
        (r"^unrecognized arguments: (.*)$", r"不认识的参数: \1"),
        (r"^one of the arguments (.*) is required$", r"须给出其中之一: \1"),
        (r"^argument (.*?): invalid choice: (.*) \(choose from (.*)\)$", r"\1: 没有 \2; 可写 \3"),
        (r"^argument (.*?): invalid int value: (.*)$", r"\1: \2 不是整数"),
        (r"^argument (.*?): invalid \S+ value: (.*)$", r"\1: \2 不行"),
        (r"^argument (.*?): expected one argument$", r"\1: 后面缺一个值"),
        (r"^argument (.*?): expected at least one argument$", r"\1: 后面至少要一个值"),
        (r"^argument (.*?): expected (\d+) arguments?$", r"\1: 后面须有 \2 个值"),
        (r"^argument (.*?): ignored explicit argument (.*)$", r"\1: 不带值, 却给了 \2"),
        (r"^argument (.*?): not allowed with argument (.*)$", r"\1: 不能与 \2 同用"),
        (r"^ambiguous option: (.*) could match (.*)$", r"\1 不明确; 可能是 \2"),
    )
)


class _Form(argparse.HelpFormatter):
    def add_usage(
        self, usage: str | None, actions: Any, groups: Any, prefix: str | None = None
    ) -> None:
        super().add_usage(usage, actions, groups, "用法: " if prefix is None else prefix)


class Parser(argparse.ArgumentParser):
    """A parser that says in Chinese what is wrong, quoting what was typed harmlessly."""

    def __init__(self, *args: Any, **more: Any) -> None:
        # Rewritten, not translated by gettext: no catalogue of the machine has these words.
        given: dict[str, Any] = {"formatter_class": _Form, "allow_abbrev": False, **more}
        super().__init__(*args, **(given | {"add_help": False}))
        self._positionals.title, self._optionals.title = "参数", "选项"
        self.add_argument("-h", "--help", action="help", help="显示本说明")

    def parse_call(self, arguments: list[str] | None = None) -> argparse.Namespace:
        """Parse all of it; what is left over is told by the command that was meant."""
        args, left = self.parse_known_args(arguments)
        if left:
            refuse: Callable[[str], NoReturn] = getattr(args, "refuse", self.error)
            refuse(f"unrecognized arguments: {' '.join(left)}")
        return args

    def error(self, message: str) -> NoReturn:
        for pattern, said in _SAID:
            if pattern.search(message):
                message = pattern.sub(said, message)
                break
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: 用法不对: {seen(message)}\n")
