"""`gridvoice run`: the supervisor, and how the service under it is put together."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridvoice.app.roles import ServiceRole
from gridvoice.cli.options import command

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from gridvoice.app.configuration import Configuration
    from gridvoice.app.service import Service


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = command(commands, "run", "常驻运行: 采集、研判、预警、控制台", run, json=False)
    parser.add_argument(
        "--role",
        default="all",
        choices=("all", *ServiceRole),
        help="只做其中一项(默认全部)",
    )


def run(args: argparse.Namespace) -> int:
    """Becomes the supervisor: nothing of the product is loaded in this process."""
    import os

    from gridvoice.app.logs import set_up
    from gridvoice.app.supervisor import PYTHON, Supervisor

    set_up()
    given = vars(args)
    if database := given.get("database"):
        os.environ["GRIDVOICE_DATABASE"] = database  # not on a command line: it may hold a password
    places = [f"--{name}={given[name]}" for name in ("config", "data") if name in given]

    def service(restarts: int, reason: str, heartbeat: int) -> list[str]:
        return [
            *PYTHON, "gridvoice.cli.service", *places, f"--role={args.role}",
            f"--heartbeat={heartbeat}", f"--restarts={restarts}", f"--reason={reason}",
        ]  # fmt: skip

    def cry(reason: str) -> list[str]:
        return [*PYTHON, "gridvoice.cli.cry", *places, f"--reason={reason}"]

    return Supervisor(service, cry=cry).run()


def make_service(
    config: Configuration,
    engine: Engine,
    url: str,
    data_dir: Path,
    role: str = "all",
    **more: Any,
) -> Service:
    """The service of a configuration, its console included; `more`: other fields of it."""
    from gridvoice.app.service import Service

    roles = tuple(ServiceRole) if role == "all" else (ServiceRole(role),)
    service = Service(config, engine, url, data_dir, roles, **more)
    if ServiceRole.CONSOLE in roles:
        service.console = console_app(config, engine, service)
    return service


def console_app(config: Configuration, engine: Engine, service: Service) -> Any:
    """The console over this store, with what it is to know of its surroundings."""
    from domain.clock import utc_now
    from gridvoice.app import handling
    from gridvoice.console.app import create_app
    from gridvoice.console.surroundings import (
        Surroundings,
        channel_cards,
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

    return create_app(
        engine,
        Surroundings(
            acknowledge=act(handling.acknowledge),
            close=act(handling.close),
            playbooks=playbook_cards(config.playbooks.playbooks),
            sources=source_cards(config.sources),
            channel_titles={name: o.title for name, o in config.channels.items()},
            place_chain=partial(_place_chain, config),
            channels=channel_cards(config.channels),
            troubles=service.health.troubles,
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
