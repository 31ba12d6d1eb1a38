"""What assessing sets aside by name, so that one post, incident or timer stops no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

import gridvoice
from db import incident_likeness, incidents, set_aside, unassessed
from db.alone import problem_of
from db.engine import write
from db.faults import is_of_the_store
from db.set_aside import SetAsideRow
from db.unassessed import ToAssess
from gridvoice.settings.configuration import Configuration
from pipeline.incidents.profile import Likeness, facts_of

ASSESS, GROUP = "assess", "group"  # ref: a version's id
POSTS = (ASSESS, GROUP)
TIMER = "timer"  # ref: an incident's id
INCIDENT = "incident"  # ref: an incident's id; it is passed by, or goes on without its memory
RESCORE = "rescore"  # ref: a version's id; the next `gridvoice rescore` tries it again


def program_of(config: Configuration) -> str:
    """Which program failed: a later one, or another scorer, tries again."""
    return f"{gridvoice.__version__} {config.assessing.assessor.names[-1]}"


@dataclass(frozen=True, slots=True)
class Failed:
    """A version that raised: where (the lane), how a person finds it, and what it raised."""

    lane: str
    version_id: int
    name: str
    problem: str

    @classmethod
    def row(cls, lane: str, row: ToAssess, problem: str) -> Failed:
        """Of a version that could be read."""
        words = row.title.strip() or row.text.strip()
        return cls(lane, row.version_id, f"{row.source}/{row.key} {words[:30]}", problem)


def put(conn: Connection, failed: Sequence[Failed], program: str, now: datetime) -> int:
    """Set versions aside; how many. Those that nobody has assessed yet no longer wait."""
    count = 0
    for one in failed:
        # One that was assessed is assessed as far as it goes: it only lies in no incident.
        if one.lane == ASSESS and not unassessed.pass_over(conn, one.version_id, now):
            continue  # somebody else assessed it meanwhile
        ref = str(one.version_id)
        set_aside.put(conn, one.lane, ref, one.name, one.problem, program, now)
        count += 1
    return count


def take_back(engine: Engine, due: Sequence[SetAsideRow]) -> None:
    """Let set-aside versions wait for assessing again; forget those that need it no more."""
    ids = {int(one.ref): one for one in due if one.ref.isdigit()}
    with write(engine) as conn:
        waiting = unassessed.assess_again(conn, ids)
        gone = [one.ref for one in due if not one.ref.isdigit() or int(one.ref) not in waiting]
        set_aside.passed(conn, POSTS, gone)


def name_incidents(
    conn: Connection, unreadable: Mapping[int, str], program: str, now: datetime
) -> None:
    """Name the incidents that could not be read, not at every pass; look again at those that were
    named before and are due, and forget those that can be read again."""
    known = set_aside.refs_of(conn, INCIDENT)
    due = {one.ref for one in set_aside.due(conn, [INCIDENT], program, now)} if known else set()
    problems: dict[int, str] = dict(unreadable)
    for ref in due:
        problem = _problem(conn, int(ref))
        if problem is not None:
            problems.setdefault(int(ref), problem)
    set_aside.passed(conn, [INCIDENT], [ref for ref in due if int(ref) not in problems])
    for incident_id, problem in problems.items():
        ref = str(incident_id)
        if ref not in known or ref in due:
            number = incidents.number_of(conn, incident_id)
            set_aside.put(conn, INCIDENT, ref, number, problem, program, now)


def _problem(conn: Connection, incident_id: int) -> str | None:
    """What is wrong with an incident that posts may join; None: nothing, or it is gone."""
    try:
        if incidents.is_merged(conn, incident_id):
            return None
        found = incidents.incident(conn, incident_id)
        if found is not None:
            facts_of(found.profile)
        for written in incident_likeness.likenesses(conn, [incident_id]).values():
            Likeness.read(written.text)
    except Exception as error:
        if is_of_the_store(error):
            raise
        return problem_of(error)
    return None
