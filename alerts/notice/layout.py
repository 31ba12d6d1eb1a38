"""A notice as text: for chats and files, as markdown, as one line.

The heading, the number and the action are kept whatever the limit; what stands between gives way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from alerts.notice.clip import clip, clip_lines
from alerts.notice.escape import for_chat, harmless
from alerts.notice.notice import Action, Fact, Notice
from domain.incidents.incident import Incident

NAME = "电力民声"
RESEND_MARK = "〔重发：可能已收到〕"
_MARK_BYTES = len(RESEND_MARK.encode())
_STEPS = 3


def title(notice: Notice) -> str:
    """Heading and number, for a list or a subject."""
    mark = RESEND_MARK if notice.resend else ""
    if not isinstance(notice.about, Incident):
        return for_chat(notice.heading) + mark
    return f"{for_chat(notice.heading)} {notice.number}{mark}"


def text(notice: Notice, limit: int | None = None) -> str:
    """The notice a line a fact; at most `limit` bytes."""
    return _laid_out(notice, for_chat(notice.heading), _line, _way(notice.action), limit)


def markdown(notice: Notice, limit: int | None = None) -> str:
    """As `text`, in the markdown that chat robots know."""
    heading = f"**{for_chat(notice.heading)}**"
    return _laid_out(notice, heading, _bold_line, _markdown_way(notice), limit)


def sentence(notice: Notice) -> str:
    """`text` in one line."""
    return " / ".join(line for line in text(notice).splitlines() if line)


def _laid_out(
    notice: Notice, heading: str, line: Callable[[Fact], str], way: str, limit: int | None
) -> str:
    facts = [*notice.facts, *_quotes(notice)]
    whole = [heading, f"{NAME} {for_chat(notice.number)}", *map(line, facts), *_steps(notice), way]
    # The mark of a resend is left room for, so that both say the same otherwise.
    taken = _MARK_BYTES + len(notice.remark.encode())
    marks = (RESEND_MARK if notice.resend else "") + notice.remark
    return _marked(_cut(whole, None if limit is None else limit - taken), marks)


def _cut(lines: Sequence[str], room: int | None) -> str:
    whole = "\n".join(lines)
    return clip_lines(whole, len(whole.encode("utf-8", "replace")) if room is None else room)


def _marked(laid_out: str, marks: str) -> str:
    if not marks:
        return laid_out
    first, newline, rest = laid_out.partition("\n")
    second, newline_2, rest = rest.partition("\n")
    return f"{first}{newline}{second}{marks}{newline_2}{rest}"


def _quotes(notice: Notice) -> list[Fact]:
    if notice.is_over:
        return []
    return [Fact("原帖", quote.said) for quote in notice.quotes if quote.said]


def _steps(notice: Notice) -> list[str]:
    if notice.is_over or notice.playbook is None:
        return []
    who = clip(for_chat(harmless(notice.playbook.who)), 30)
    steps = [clip(for_chat(harmless(step)), 60) for step in notice.playbook.steps[:_STEPS]]
    return [f"先做（{who}）：", *(f"{n}. {step}" for n, step in enumerate(steps, 1))]


def _line(fact: Fact) -> str:
    words = for_chat(fact.words)
    return f"{fact.label}：{words}" if fact.label else words


def _bold_line(fact: Fact) -> str:
    words = for_chat(fact.words)
    return f"**{fact.label}**：{words}" if fact.label else words


def _way(action: Action) -> str:
    if action.link:
        return f"{action.words}：{action.link}"
    return f"{action.words}：在值班电脑执行 {action.command}" if action.command else action.words


def _markdown_way(notice: Notice) -> str:
    action = notice.action
    if not action.link:
        return _way(action)
    which = f" {notice.about.number}" if isinstance(notice.about, Incident) else ""
    return f"[{action.words}{which}]({action.link})"
