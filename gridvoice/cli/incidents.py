"""`gridvoice incidents list / show`, and every act on one."""

from __future__ import annotations

import argparse

from domain.incidents.acts import ACTS
from gridvoice.cli.options import Unusable, command, configuration, store, who_acts, with_common
from gridvoice.cli.output import emit, say, table


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = with_common(commands.add_parser("incidents", help="舆情事件: 列出、查看、接收、办结"))
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="动作")
    listing = command(verbs, "list", "列出事件, 最近的在前", _list)
    listing.add_argument("--posts", action="store_true", help="连同帖文编号")
    listing.add_argument("--open", action="store_true", help="只列未办结的")
    show = command(verbs, "show", "一个事件的全部: 概况、时间线、帖文、推送", _show)
    show.add_argument("number", metavar="编号")
    for name, rule in ACTS.items():
        act = command(verbs, name.replace("_", "-"), f"{rule.title}一个事件", _act)
        act.set_defaults(act=name)
        act.add_argument("number", metavar="编号")
        act.add_argument("--who", default="", metavar="姓名", help="谁办的 (GRIDVOICE_WHO)")
        act.add_argument("--note", default="", metavar="说明")
        if name == "close":
            act.add_argument("--false-alarm", action="store_const", const="false_alarm",
                             dest="act", help="误报")  # fmt: skip


def _list(args: argparse.Namespace) -> int:
    from db import incidents, posts
    from db.engine import read
    from domain.incidents.incident import IncidentState
    from domain.masking.mask import mask
    from gridvoice.contract.incidents import incident_object, incident_with_posts

    states = [s for s in IncidentState if s.is_open] if args.open else None
    with read(store(args)) as conn:
        rows = incidents.list_incidents(conn, states)
        for row in rows if args.json else ():
            if args.posts:
                members = posts.posts_of_incident(conn, row.id)
                emit(incident_with_posts(row.incident, members))
            else:
                emit(incident_object(row.incident))
    if not args.json:
        table(
            ("编号", "等级", "状态", "类别", "地点", "属地", "帖数", "事由"),
            [
                (
                    i.number,
                    i.severity.label,
                    i.state.label,
                    i.category.label,
                    i.place or "不明",
                    i.area.label,
                    str(i.post_count),
                    mask(i.title)[:24],
                )
                for i in (row.incident for row in rows)
            ],
        )
    return 0


def _show(args: argparse.Namespace) -> int:
    from db import incidents, outbox, posts, timeline, timers
    from db.engine import read
    from domain.alerts import state_words
    from domain.clock import short, utc_now
    from domain.incidents.acts import told_as
    from domain.incidents.events import TimerKind
    from domain.masking.mask import mask
    from domain.posts import PostChannel
    from gridvoice.contract.incidents import whole_incident

    with read(store(args)) as conn:
        row = incidents.find(conn, args.number)
        if row is None:
            raise Unusable(f"没有编号为 {args.number} 的事件; 用 gridvoice incidents list 查看")
        members = posts.posts_of_incident(conn, row.id)
        events = timeline.events_of(conn, row.id)
        sent = outbox.list_deliveries(conn, incident_id=row.id)
        held = timers.waiting(conn, TimerKind.HELD, [row.id], utc_now()).get(row.id)
    if args.json:
        emit(whole_incident(row.incident, members, events, sent))
        return 0
    i = row.incident
    say(f"{i.number}  {i.severity.label} · {i.category.label} · {mask(i.title)}")
    say(
        f"地点 {i.place or '不明'}  责任 {i.station or '待定'}  {i.post_count}帖  第{i.report_no}报"
    )
    if held is not None and i.state.is_open:
        say(f"  未推送, 冷却至 {short(held)}")
    for e in events:
        say(f"  {short(e.at)} {told_as(e.kind)} {mask(e.who)} {mask(e.note)}".rstrip())
    for d in sent:
        stands = state_words(d.state, d.withdrawn_for)
        say(f"  推送 {d.channel} 第{d.alert.report_no}报 {stands} ({d.attempts}次)")
    for p in members:
        channel = PostChannel.label_of(p.channel)
        say(f"  {short(p.event_at)} {channel} {mask(f'{p.title} {p.text}'.strip())[:80]}")
    return 0


def _act(args: argparse.Namespace) -> int:
    from db.incidents import NoSuchIncident
    from domain.clock import utc_now
    from gridvoice.contract.incidents import acted_on
    from gridvoice.handling.acts import DOING, NotNow

    who, note = _said(args)
    act = DOING[args.act]
    try:
        after = act(store(args), configuration(args), args.number, who, note, utc_now())
    except (NoSuchIncident, NotNow) as refused:
        raise Unusable(str(refused)) from None
    if args.json:
        emit(acted_on(after, who))
    else:
        say(f"{after.number} 现为“{after.state.label}”")
    return 0


def _said(args: argparse.Namespace) -> tuple[str, str]:
    """Who acts and what they say of it, asked for as the console asks."""
    who, note, asked = who_acts(args), args.note.strip(), ACTS[args.act].asks
    if asked and not note:
        raise Unusable(f"{asked.rstrip('。')}: --note 说明")
    return who, note
