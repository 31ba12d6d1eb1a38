"""`gridvoice run`: the daemon."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING, Any

from gridvoice.cli.options import Unusable, command, configuration, database_url, store

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from gridvoice.app.configuration import Configuration
    from gridvoice.app.service import Service


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = command(commands, "run", "常驻运行: 采集、研判、预警、控制台", run, json=False)
    parser.add_argument(
        "--role",
        default="all",
        choices=("all", "clock", "crawler", "assessor", "relay", "console"),
        help="只做其中一项(默认全部)",
    )


def run(args: argparse.Namespace) -> int:
    import asyncio

    from gridvoice.app.logs import set_up
    from gridvoice.app.service import PortTaken

    set_up()
    service = make_service(configuration(args), store(args), database_url(args), args.role)
    try:
        asyncio.run(service.serve())
    except PortTaken as taken:
        raise Unusable(str(taken)) from None
    return 0


def make_service(config: Configuration, engine: Engine, url: str, role: str = "all") -> Service:
    """The service of a configuration, its console included."""
    from gridvoice.app.service import ROLES, Service

    roles = ROLES if role == "all" else (role,)
    service = Service(config, engine, url, roles)
    if "console" in roles:
        service.console = console_app(config, engine, service)
    return service


def console_app(config: Configuration, engine: Engine, service: Service) -> Any:
    """The console over this store, with what it is to know of its surroundings."""
    from alerts.channel import Standing
    from domain.clock import utc_now
    from gridvoice.app import handling
    from gridvoice.console.app import create_app
    from gridvoice.console.surroundings import (
        Surroundings,
        Trouble,
        playbook_cards,
        source_cards,
    )

    def act(deed: Any) -> Any:
        def call(number: str, who: str, note: str) -> object:
            try:
                return deed(engine, config, number, who, note, utc_now())
            except handling.NoSuchIncident as unknown:
                raise LookupError(str(unknown)) from None
            except handling.NotNow as refused:
                raise ValueError(str(refused)) from None

        return call

    def troubles() -> list[Trouble]:
        found = [
            Trouble(f"通道“{o.title}”{o.problem}", "改正 channels.yaml 或密钥后重启", alarm=True)
            for o in config.channels.values()
            if o.standing is Standing.BROKEN
        ]
        if service.problem:
            found.insert(0, Trouble(service.problem, "若反复出现, 请查看运行日志", alarm=True))
        return found

    return create_app(
        engine,
        Surroundings(
            acknowledge=act(handling.acknowledge),
            close=act(handling.close),
            playbooks=playbook_cards(config.playbooks.playbooks),
            sources=source_cards(config.sources),
            channel_titles={name: o.title for name, o in config.channels.items()},
            place_chain=partial(_place_chain, config),
            troubles=troubles,
            zone=config.general.time_zone,
        ),
        public_url=config.general.public_url,
    )


def _place_chain(config: Configuration, code: str) -> list[str]:
    """省 … 村 of a division code, the widest first."""
    known = config.judging.assessor.locator.gazetteer.by_code
    digits = code.split("-")[0]
    codes = dict.fromkeys([*(digits[:n] for n in (2, 4, 6, 9, 12) if n <= len(digits)), code])
    return [known[c].name for c in codes if c in known]
