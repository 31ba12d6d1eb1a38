"""The sources that a folder configures: each file read by the rules of its kind.

Selectors, patterns and mappings are compiled on load, so that a mistake is named with file, line
and field, not met at night.
"""

from __future__ import annotations

from pathlib import Path

from crawlers.kinds import KINDS
from crawlers.source import Rules, Source
from domain.input.load import BadSettings, Problem, load_file, load_text


def load_sources(folder: Path) -> dict[str, Source]:
    """Every `*.yaml` of `folder` by name, disabled ones too.

    Raises BadSettings with the mistakes of all files.
    """
    sources: dict[str, Source] = {}
    wrong: list[Problem] = []
    for path in sorted(folder.glob("*.yaml")):
        shown = f"{folder.name}/{path.name}"
        try:
            source = load_source(path, shown)
        except BadSettings as error:
            wrong.extend(error.problems)
            continue
        if source.name in sources:
            wrong.append(Problem(shown, 1, "name", f"{source.name!r} 已被另一个文件用了"))
        sources[source.name] = source
    if wrong:
        raise BadSettings(wrong)
    return sources


def load_source(path: Path, shown: str) -> Source:
    """One file; `shown` is how messages call it. Raises BadSettings, FileNotFoundError."""
    return load_file(path, Source, shown, _sections())


def read_source(text: str, shown: str) -> Source:
    """As `load_source`, from text."""
    return load_text(text, Source, shown, _sections())


def _sections() -> dict[str, type[Rules]]:
    return {name: kind.rules for name, kind in KINDS.items()}
