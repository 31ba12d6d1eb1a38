"""What the console is given by whoever starts it: it reads no configuration of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from zoneinfo import ZoneInfo

from alerts.channels.opening import ChannelStatus, ConfiguredChannel
from alerts.notice.playbook import Playbook, TimeLimits
from crawlers.source import Source
from domain.clock import SHANGHAI
from domain.model import PostChannel
from domain.trouble import Trouble
from gridvoice.console.words import interval, lasting


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
class ChannelCard:
    """A configured alert channel: whether it can be used, and why not."""

    name: str
    title: str
    usable: bool = True
    standing: str = "可用"
    problem: str = ""
    reaches_people: bool = True


class Act(Protocol):
    """Something a person does to an incident, committed when the call returns.

    Raises LookupError for an unknown number and ValueError, in Chinese, where the incident's
    state forbids it. Called from a worker thread.
    """

    def __call__(self, number: str, who: str, note: str) -> object: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything but the store and the clock."""

    acknowledge: Act
    close: Act
    playbooks: Mapping[str, PlaybookCard] = field(default_factory=dict)  # by category
    sources: Mapping[str, SourceCard] = field(default_factory=dict)  # by source name
    channel_titles: Mapping[str, str] = field(default_factory=dict)  # alert channels, by name
    rule_titles: Mapping[str, str] = field(default_factory=dict)  # rules of `Reason`
    place_chain: Callable[[str], Sequence[str]] = lambda code: ()  # 省 … 村 of a division code
    channels: Sequence[ChannelCard] | None = None  # None: not told
    troubles: Callable[[], Sequence[Trouble]] = lambda: ()  # what is wrong now; never waits
    zone: ZoneInfo = SHANGHAI  # times are shown, and days begin, in it

    @property
    def people_channels(self) -> frozenset[str] | None:
        """Names of the alert channels that people read; None: all."""
        if self.channels is None:
            return None
        return frozenset(c.name for c in self.channels if c.reaches_people)


def channel_cards(channels: Mapping[str, ConfiguredChannel]) -> list[ChannelCard]:
    """The configured alert channels, in their order."""
    return [
        ChannelCard(
            name=name,
            title=opened.title,
            usable=opened.status is ChannelStatus.READY,
            standing=opened.status.label,
            problem=opened.problem,
            reaches_people=opened.reaches_people,
        )
        for name, opened in channels.items()
    ]


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
