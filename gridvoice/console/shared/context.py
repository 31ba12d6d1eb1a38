"""What every page is made from, and how a route comes by it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial, wraps
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from sqlalchemy import Engine

from alerts.notice.playbook import Playbook, TimeLimits
from crawlers.source import Source
from domain.clock import utc_now
from domain.posts import PostChannel
from domain.trouble import Trouble
from gridvoice.console.shared.cache import Remembered
from gridvoice.console.shared.wording import interval, lasting
from gridvoice.console.shared.workers import Workers
from gridvoice.settings.configuration import Configuration
from pipeline.places.gazetteer import Gazetteer


@dataclass(frozen=True, slots=True)
class PlaybookCard:
    """处置预案 of one category, as an incident's page shows it."""

    title: str
    who: str = ""  # who takes the lead
    steps: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    reply: str = ""


@dataclass(frozen=True, slots=True)
class SourceCard:
    """A configured source: its Chinese title and one line about it (kind, channel, interval)."""

    title: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """The store, the configuration, what is wrong now, the clock; and what of them pages show."""

    engine: Engine
    config: Configuration
    troubles: Callable[[], Sequence[Trouble]]  # never waits
    clock: Callable[[], datetime] = utc_now
    playbooks: Mapping[str, PlaybookCard] = field(default_factory=dict)  # by category
    sources: Mapping[str, SourceCard] = field(default_factory=dict)  # by source name
    place_chain: Callable[[str], Sequence[str]] = lambda code: ()  # 省 … 村 of a division code
    kept: Remembered = field(default_factory=Remembered)
    workers: Workers = field(default_factory=Workers)

    @property
    def now(self) -> datetime:
        """The present in the zone in which times are shown and days begin."""
        return self.clock().astimezone(self.config.general.time_zone)


def context_of(
    config: Configuration, engine: Engine, troubles: Callable[[], Sequence[Trouble]]
) -> Context:
    """What the pages of a running system are made from."""
    return Context(
        engine,
        config,
        troubles,
        playbooks=playbook_cards(config.playbooks.playbooks),
        sources=source_cards(config.sources),
        place_chain=partial(place_chain, config.assessing.assessor.locator.gazetteer),
    )


async def _of_request(request: Request) -> Context:
    # Async: of a plain function FastAPI would start a thread.
    context: Context = request.app.state.context
    return context


InContext = Annotated[Context, Depends(_of_request)]


def in_worker(page: Callable[..., Response]) -> Callable[..., Awaitable[Response]]:
    """A route made in one of its context's own threads; it takes the `context` by that name."""

    @wraps(page)
    async def call(*, context: Context, **given: Any) -> Response:
        return await context.workers.run(partial(page, context=context, **given))

    return call


def playbook_cards(playbooks: Sequence[Playbook]) -> dict[str, PlaybookCard]:
    """The configured playbooks, by category."""
    return {
        p.category.value: PlaybookCard(
            p.title, p.who, p.steps, _limit_lines(p.limits) if p.limits else (), p.reply
        )
        for p in playbooks
    }


def _limit_lines(limits: TimeLimits) -> tuple[str, ...]:
    return (
        f"{lasting(limits.first_contact)}内联系客户",
        f"{lasting(limits.answer)}内给出答复",
        f"{lasting(limits.rectify)}内整改到位",
    )


def source_cards(sources: Mapping[str, Source]) -> dict[str, SourceCard]:
    """The configured sources, by name."""
    return {
        name: SourceCard(
            source.title,
            f"{PostChannel.label_of(source.channel)} · 每{interval(source.every)}",
        )
        for name, source in sources.items()
    }


def place_chain(gazetteer: Gazetteer, code: str) -> list[str]:
    """省 … 村 of a division code, the widest first."""
    known = gazetteer.by_code
    digits = code.split("-")[0]
    codes = dict.fromkeys([*(digits[:n] for n in (2, 4, 6, 9, 12) if n <= len(digits)), code])
    return [known[c].name for c in codes if c in known]
