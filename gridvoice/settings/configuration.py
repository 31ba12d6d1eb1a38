"""Everything under config/, loaded and checked as a whole: each part owns its own settings."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from alerts.channels.opening import Channels, ChannelStatus, ConfiguredChannel, open_channels
from alerts.notice.playbook import Playbooks, load_playbooks
from alerts.routing.roster import Roster
from alerts.routing.route import Routes
from crawlers.kinds.loading import load_sources
from crawlers.source import Source
from domain.input.load import BadSettings, Problem, load_file
from gridvoice.settings.assessing import Assessing, load_assessing
from gridvoice.settings.general import GeneralSettings
from gridvoice.telling.settings import TellingSettings
from pipeline.scorers import DEFAULT
from pipeline.second_opinion import OpinionSettings

T = TypeVar("T")
# Ways to machines, that can tell a recording from the present. Whatever else there is rings
# somebody.
_MACHINES = ("file", "stdout", "webhook")
_REPOSITORY = Path(__file__).resolve().parents[2]


def default_config_dir() -> Path:
    """./config where it is one of ours, else the one that ships (wheel or checkout)."""
    for path in (
        Path("config"),
        Path(__file__).resolve().parents[1] / "default_config",
        _REPOSITORY / "config",
    ):
        if (path / "gridvoice.yaml").is_file():
            return path
    raise BadSettings([Problem("config", 1, "", "没有找到配置; 用 --config 指明目录")])


@dataclass(frozen=True, slots=True)
class Configuration:
    """What `gridvoice run` works by."""

    directory: Path
    general: GeneralSettings
    sources: dict[str, Source]
    assessing: Assessing
    routes: Routes
    roster: Roster
    playbooks: Playbooks
    channels: dict[str, ConfiguredChannel]
    second_opinion: OpinionSettings = field(default_factory=OpinionSettings)
    machines_only: bool = False

    @property
    def enabled_sources(self) -> dict[str, Source]:
        return {name: source for name, source in self.sources.items() if source.enabled}

    @property
    def ready_channels(self) -> set[str]:
        """Names of the channels that can be sent to (broken ones fail by name, so they count)."""
        return {
            name
            for name, opened in self.channels.items()
            if opened.status is not ChannelStatus.NOT_CONFIGURED
        }

    @property
    def telling(self) -> TellingSettings:
        """What of it telling goes by."""
        return TellingSettings(
            self.routes, self.roster, self.ready_channels, self.playbooks,
            self.general.public_url, self.general.time_zone, self.machines_only,
        )  # fmt: skip

    def for_machines(self) -> Configuration:
        """The same without channels to people, for what comes from a recording. Nothing may even
        be queued for them: a `gridvoice run` beside a replay would send it."""
        kept = {name: one for name, one in self.channels.items() if one.kind in _MACHINES}
        return replace(self, channels=kept, machines_only=True)


def load(directory: Path, data_dir: Path, scorer: str = DEFAULT) -> Configuration:
    """The configuration of a directory. Raises BadSettings with the mistakes of all files."""
    problems: list[Problem] = []

    def read(reader: Callable[[], T]) -> T | None:
        try:
            return reader()
        except BadSettings as bad:
            problems.extend(bad.problems)
        except FileNotFoundError as missing:
            name = Path(str(missing.filename)).name
            problems.append(Problem(name, 1, "", "文件缺失; 可由默认配置复制一份"))
        return None

    general = read(lambda: _file(directory, "gridvoice.yaml", GeneralSettings))
    sources = read(lambda: load_sources(directory / "sources"))
    assessing = read(lambda: load_assessing(directory, scorer))
    routes = read(lambda: _file(directory, "routes.yaml", Routes))
    roster = read(lambda: _file(directory, "roster.yaml", Roster))
    playbooks = read(lambda: load_playbooks(directory / "playbooks.yaml", "playbooks.yaml"))
    channels = read(lambda: _file(directory, "channels.yaml", Channels))
    opinion = OpinionSettings()  # off, also where an older configuration has no such file
    if (directory / "second_opinion.yaml").is_file():
        opinion = read(lambda: _file(directory, "second_opinion.yaml", OpinionSettings)) or opinion
    if channels and routes and roster:
        problems.extend(_across(directory, routes, roster, {c.name for c in channels.channels}))
    if problems or not (general and assessing and routes and roster and playbooks and channels):
        raise BadSettings(problems)
    return Configuration(
        directory=directory,
        general=general,
        sources=sources or {},
        assessing=assessing,
        routes=routes,
        roster=roster,
        playbooks=playbooks,
        channels=open_channels(channels, os.environ, data_dir, directory),
        second_opinion=opinion,
    )


def _across(directory: Path, routes: Routes, roster: Roster, known: set[str]) -> Iterator[Problem]:
    """What only two files together show: channels that are not there, people nobody can reach."""
    reached = {name for person in roster.people for name in person.reach}
    for file, key, names in (
        ("routes.yaml", "channel", routes.channel_names()),
        ("roster.yaml", "people.reach", reached),
    ):
        for name in sorted(names - known):
            message = f"渠道 {name!r} 不在 channels.yaml 中; 有: {', '.join(sorted(known))}"
            yield Problem(file, _line_of(directory / file, _naming_channel(name)), key, message)
    wanted = routes.duty_channels()
    for name in roster.unreached(wanted) if wanted else ():
        message = f"{name!r} 值班, 但 reach 中没有点名用的通道的账号; 至少写其一: "
        line = _line_of(directory / "roster.yaml", re.compile(rf"name:.*{re.escape(name)}"))
        yield Problem("roster.yaml", line, "people", message + "、".join(sorted(wanted)))


def _naming_channel(channel: str) -> re.Pattern[str]:
    name = rf"(?<!\w){re.escape(channel)}(?!\w)"
    return re.compile(rf"(?:channels?|reach):.*{name}|-\s*{name}\s*$|^\s*{name}\s*:")


def _line_of(path: Path, words: re.Pattern[str]) -> int:
    """The first line that has the words."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    return next((number for number, line in enumerate(lines, 1) if words.search(line)), 1)


def _file(directory: Path, name: str, shape: type[T]) -> T:
    return load_file(directory / name, shape, name)
