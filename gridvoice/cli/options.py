"""Options that every command takes, before or after its name, and what they open."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from domain.private_file import keep_private
from domain.trouble import os_trouble

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from gridvoice.settings.configuration import Configuration


class Unusable(Exception):
    """The call or the configuration cannot be used (exit 2). The text says what to do."""


def with_common(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add --config, --database, --data. SUPPRESS: a later position must not reset an earlier."""
    parser.add_argument("--config", metavar="DIR", default=argparse.SUPPRESS,
                        help="配置目录 (GRIDVOICE_CONFIG)")  # fmt: skip
    parser.add_argument("--database", metavar="URL", default=argparse.SUPPRESS,
                        help="数据库地址 (GRIDVOICE_DATABASE)")  # fmt: skip
    parser.add_argument("--data", metavar="DIR", default=argparse.SUPPRESS,
                        help="数据目录 (GRIDVOICE_DATA, 默认 ./var)")  # fmt: skip
    return parser


def command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    summary: str,
    run: Callable[[argparse.Namespace], int],
    json: bool = True,
) -> argparse.ArgumentParser:
    """One subcommand with the common options and, where it prints for programs, --json."""
    parser = with_common(commands.add_parser(name, help=summary, description=summary))
    if json:
        parser.add_argument("--json", action="store_true", help="每行一个 JSON 对象")
    parser.set_defaults(run=run, refuse=parser.error)
    return parser


def who_acts(args: argparse.Namespace) -> str:
    """Whoever does it, by name: an account of the machine is nobody whom a colleague can call."""
    who = (args.who or os.environ.get("GRIDVOICE_WHO", "")).strip()
    if not who:
        raise Unusable("请说明由谁办理: --who 姓名 (或环境变量 GRIDVOICE_WHO)")
    return str(who)


def config_dir(args: argparse.Namespace) -> Path:
    """The named directory, else ./config where it is ours, else the one that ships."""
    from gridvoice.settings.configuration import default_config_dir

    named = getattr(args, "config", None) or os.environ.get("GRIDVOICE_CONFIG")
    if named:
        path = Path(named)
        if not path.is_dir():
            raise Unusable(f"配置目录不存在: {path} (--config / GRIDVOICE_CONFIG)")
        return path
    return default_config_dir()


def data_dir(args: argparse.Namespace) -> Path:
    """Where the SQLite file, logs and file alerts lie; made when missing."""
    path = Path(getattr(args, "data", None) or os.environ.get("GRIDVOICE_DATA") or "var")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_ours_alone(path):
            keep_private(path)
    except OSError as error:
        raise Unusable(f"数据目录不可用: {path} ({os_trouble(error)})") from None
    return path


def _is_ours_alone(path: Path) -> bool:
    """Whether a folder holds our store and nothing that somebody else may need to reach."""
    names = [entry.name for entry in path.iterdir()]
    return "gridvoice.db" in names and all(
        name.startswith("gridvoice.") or name.endswith(".jsonl") for name in names
    )


def database_url(args: argparse.Namespace) -> str:
    """The named database, else SQLite in the data directory."""
    named = getattr(args, "database", None) or os.environ.get("GRIDVOICE_DATABASE")
    return str(named) if named else f"sqlite:///{data_dir(args) / 'gridvoice.db'}"


def configuration(args: argparse.Namespace) -> Configuration:
    """The validated configuration; every mistake is named and makes the call unusable."""
    from domain.input.load import BadSettings
    from gridvoice.settings.configuration import load

    try:
        return load(config_dir(args), data_dir(args))
    except BadSettings as bad:
        lines = "\n".join(f"  {p}" for p in bad.problems)
        raise Unusable(f"配置有 {len(bad.problems)} 处错误:\n{lines}") from None


def store(args: argparse.Namespace, upgrade: bool = True) -> Engine:
    """The opened database, brought to the newest schema; without `upgrade` only looked at: a
    file that is missing is not made."""
    import sqlalchemy.exc

    from db import engine as db_engine
    from db.schema import NewerStore

    url = database_url(args)
    try:
        engine = db_engine.open_engine(url, create=upgrade)
        if upgrade:
            db_engine.upgrade(engine)
    except (sqlalchemy.exc.ArgumentError, sqlalchemy.exc.NoSuchModuleError) as error:
        raise Unusable(f"数据库地址无法识别: {error}; 例: sqlite:///var/gridvoice.db") from None
    except NewerStore as error:
        raise Unusable(str(error)) from None
    except db_engine.NoStore as error:
        raise Unusable(
            f"数据库打不开: {error}; --database / --data 指明位置, gridvoice db upgrade 新建"
        ) from None
    return engine


def store_trouble(error: Exception) -> str | None:
    """What failed in the store, in Chinese; None: it was none of the store's failures."""
    if "sqlalchemy" not in sys.modules:
        return None
    from db.faults import in_words

    return in_words(error)
