"""Sources as objects: how each fares, and what a check of one says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.clock import iso
from domain.masking.mask import mask

if TYPE_CHECKING:
    from crawlers.source import Source
    from db.sources import SourceRow


def source_object(name: str, source: Source, state: SourceRow | None) -> dict[str, Any]:
    """A line of `sources list`: a configured source, and how polling it goes.

    `state` None: it was never polled. outcome and problem are the last poll's; failures are those
    in a row.
    """
    succeeded_at = state.last_success_at if state else None
    problem = state.last_problem if state else None
    return {
        "name": name,
        "title": source.title,
        "kind": source.kind,
        "channel": source.channel,
        "enabled": source.enabled,
        "every_s": source.every.total_seconds(),
        "last_success_at": iso(succeeded_at) if succeeded_at else None,
        "outcome": state.last_outcome if state else None,
        "failures": state.failures if state else 0,
        "problem": mask(problem) if problem else None,
        "posts_found": state.posts_found if state else 0,
    }


def noticed(notice: str) -> dict[str, Any]:
    """What an operator should look at, though the check went well."""
    return {"notice": mask(notice)}


def failed(problem: str) -> dict[str, Any]:
    """Why a check failed, and what to do."""
    return {"problem": mask(problem)}
