"""第二意见: asking an OpenAI-compatible endpoint about uncertain posts, in a lane of its own.

No transaction is open while it waits for an answer, and nothing waits for it: the assessment that
stands, the incident and its alerts are made without it.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Engine

from alerts.sending.http import Endpoint, post
from db import incidents, opinions, rescoring
from db.alone import problem_of
from db.assessments import put_assessments
from db.engine import read, write
from db.faults import is_of_the_store
from db.rescoring import AssessedVersion
from domain.alerts import SendError
from domain.assessments import OpinionOutcome
from domain.clock import utc_now
from domain.incidents.events import Cause, EventKind
from pipeline.second_opinion import (
    BadAnswer,
    Opinion,
    OpinionSettings,
    agrees,
    merged,
    messages,
    note,
    parse,
)

log = logging.getLogger("gridvoice.second_opinion")

_LOOKS_BACK = timedelta(hours=24)
_A_ROUND = 5


class NoOpinion(Exception):
    """No usable answer. The text never holds the address, the key or the answer's own words."""


def ask_for_opinions(
    engine: Engine,
    settings: OpinionSettings,
    is_stopped: Callable[[], bool] = lambda: False,
    environ: Mapping[str, str] = os.environ,
    clock: Callable[[], datetime] = utc_now,
) -> int:
    """One round: ask about what is due, within the limits of cost; how many answers came.

    A failure of the endpoint ends the round; the next knock goes on. A post that raises costs its
    own question only.
    """
    url = environ.get(settings.url_env, "").strip()
    if not settings.enabled or not url:
        return 0
    low, high = settings.uncertain
    now = clock()
    with read(engine) as conn:
        due = opinions.uncertain(conn, settings.scorer, low, high, now - _LOOKS_BACK, _A_ROUND)
    answers = 0
    for one in due:
        if is_stopped():
            break
        ask_id = _begin(engine, settings, one, clock())
        if ask_id is None:
            break
        try:
            opinion = _ask(settings, url, environ.get(settings.key_env, "").strip(), one)
            _keep(engine, settings, one, opinion, ask_id, clock())
        except Exception as error:
            if is_of_the_store(error):
                raise
            problem = str(error) if isinstance(error, NoOpinion) else problem_of(error)
            log.warning("second opinion failed version=%d: %s", one.row.version_id, problem)
            with write(engine) as conn:
                opinions.end_asking(conn, ask_id, OpinionOutcome.FAILED, problem[:300])
            if isinstance(error, NoOpinion):
                break
            continue
        answers += 1
    return answers


def _begin(
    engine: Engine, settings: OpinionSettings, one: AssessedVersion, now: datetime
) -> int | None:
    """The question counted before it is put; None: the hour's or the day's number is reached."""
    with write(engine) as conn:
        for span, most in (
            (timedelta(hours=1), settings.per_hour),
            (timedelta(days=1), settings.per_day),
        ):
            if opinions.count_asked(conn, now - span, now) >= most:
                return None
        return opinions.begin_asking(conn, one.row.version_id, settings.scorer, now)


def _ask(settings: OpinionSettings, url: str, key: str, one: AssessedVersion) -> Opinion:
    row = one.row
    body = {
        "model": settings.model,
        "messages": messages(row.title, row.text, row.channel, settings.max_characters),
        "temperature": 0,
        "max_tokens": 300,
    }
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    endpoint = Endpoint(f"{url.rstrip('/')}/chat/completions", settings.timeout)
    try:
        answer = post(endpoint, json.dumps(body, ensure_ascii=False).encode(), headers)
    except SendError as error:
        raise NoOpinion(f"{error.code} {error.text}".strip()) from None
    if not answer.ok:
        raise NoOpinion(f"status {answer.status}")
    try:
        content = json.loads(answer.body or b"")["choices"][0]["message"]["content"]
        return parse(content if isinstance(content, str) else "")
    except BadAnswer as bad:
        raise NoOpinion(f"unusable answer: {bad}") from None
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        raise NoOpinion("the answer is no chat completion") from None


def _keep(
    engine: Engine,
    settings: OpinionSettings,
    one: AssessedVersion,
    opinion: Opinion,
    ask_id: int,
    now: datetime,
) -> None:
    """The answer beside the assessment that stands, a line in the timeline, a word on a streak."""
    standing = one.standing
    assert standing is not None  # what is uncertain was assessed
    row = one.row
    same = agrees(standing, opinion)
    outcome = OpinionOutcome.AGREES if same else OpinionOutcome.DISAGREES
    with write(engine) as conn:
        if not (current := rescoring.assessed_versions(conn, [row.version_id])):
            opinions.end_asking(
                conn, ask_id, OpinionOutcome.FAILED, "the post was edited meanwhile"
            )
            return
        assessment = merged(standing, opinion, settings.scorer)
        put_assessments(conn, [(row.version_id, assessment)], now)
        opinions.end_asking(conn, ask_id, outcome, "")
        incident_id = current[0].row.incident_id
        if incident_id is not None:
            cause = Cause.opinion(row.version_id, settings.scorer)
            said = note(standing, opinion, row.key, settings.model)
            attention = "raise" if opinion.complaint else "lower"
            incidents.add_event(
                conn, incident_id, EventKind.NOTE, cause, now, "", said,
                {"post": row.post_id, "attention": attention, "scorer": settings.scorer},
            )  # fmt: skip
        streak = opinions.disagreements_in_a_row(conn, settings.scorer)
    if not same:
        log.info(
            "second opinion disagrees source=%s post=%s complaint=%s",
            row.source, row.key, opinion.complaint,
        )  # fmt: skip
    if streak and streak % settings.streak == 0 and not same:
        log.warning(
            "anomaly: second opinion of %s disagreed %d times in a row, agreed never; "
            "look at the endpoint, its model and the prompt before trusting it",
            settings.model, streak,
        )  # fmt: skip
