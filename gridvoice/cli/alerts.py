"""`gridvoice alerts list / test / retry`."""

from __future__ import annotations

import argparse
import os
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gridvoice.cli.options import (
    Unusable,
    command,
    config_dir,
    configuration,
    data_dir,
    store,
    with_common,
)
from gridvoice.cli.output import complain, emit, say, table

if TYPE_CHECKING:
    from domain.alerts import ChannelState


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = with_common(commands.add_parser("alerts", help="预警: 推送记录、试发、重发"))
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="动作")
    listing = command(verbs, "list", "推送记录, 最近的在前", _list)
    listing.add_argument("--dead", action="store_true", help="只列发不出去的")
    test = command(verbs, "test", "向一个通道试发", _test)
    test.add_argument("channel", metavar="通道")
    retry = command(verbs, "retry", "重发死信", _retry)
    retry.add_argument("delivery", nargs="?", metavar="推送编号", help="不给则全部死信")


def _list(args: argparse.Namespace) -> int:
    from db import outbox
    from db.channel_states import channel_state_rows
    from db.engine import read
    from domain.alerts import DeliveryState, state_words
    from domain.clock import short
    from domain.masking.mask import mask
    from gridvoice.contract.alerts import delivery_object

    states = [DeliveryState.DEAD] if args.dead else None
    with read(store(args)) as conn:
        rows = outbox.list_deliveries(conn, states)
        fares = channel_state_rows(conn)
    _tell_reach(args, fares)
    if args.json:
        for row in rows:
            emit(delivery_object(row))
        return 0
    table(
        ("时间", "事件", "第几报", "缘由", "通道", "状态", "次数", "应答", "推送编号"),
        [
            (
                short(r.alert.at),
                r.alert.incident_number,
                str(r.alert.report_no),
                r.alert.reason.label,
                r.channel,
                state_words(r.state, r.withdrawn_for),
                str(r.attempts),
                mask(f"{r.last_code or ''} {r.last_text or ''}".strip())[:30],
                r.id,
            )
            for r in rows
        ],
    )
    return 0


def _tell_reach(args: argparse.Namespace, fares: Iterable[ChannelState]) -> None:
    """Who is reached, on standard error: the list itself must not depend on the configuration."""
    from alerts.channels.opening import Channels, open_channels
    from alerts.channels.reach import reach_lines
    from domain.clock import utc_now
    from domain.input.load import BadSettings, load_file

    try:
        directory = config_dir(args)
        settings = load_file(directory / "channels.yaml", Channels, "channels.yaml")
    except (Unusable, BadSettings, OSError) as problem:
        complain(f"channels.yaml 读不出, 不知道哪些通道能通到人: {problem}")
        return
    opened = open_channels(settings, os.environ, data_dir(args), directory)
    by_name = {state.name: state for state in fares}
    for line in reach_lines(opened.values(), by_name, utc_now()):
        complain(line)


def _test(args: argparse.Namespace) -> int:
    from alerts.notice.compose import compose_test
    from domain.alerts import Outcome, SendError
    from domain.clock import utc_now
    from gridvoice.contract.alerts import accepted_trial, refused_trial

    config = configuration(args)
    opened = config.channels.get(args.channel)
    if opened is None:
        raise Unusable(f"没有通道 {args.channel!r}; 有: {', '.join(config.channels)}")
    if opened.channel is None:
        raise Unusable(f"通道 {args.channel} {opened.problem}")
    url = config.general.public_url
    notice = compose_test(args.channel, url, utc_now())
    try:
        receipt = opened.channel.send(notice, "", f"test_{uuid.uuid4().hex}")
    except SendError as refused:
        if args.json:
            emit(refused_trial(args.channel, refused))
        else:
            say(f"✗ {args.channel}: {refused}")
        if refused.outcome is Outcome.UNCLEAR:
            complain("对方的应答看不出是否收下: 请问明何为收下, 在 channels.yaml 写明 success_when")
        return 1
    if args.json:
        emit(accepted_trial(args.channel, receipt))
    else:
        say(f"✓ {args.channel}: {receipt.code} {receipt.text}".rstrip())
    _note_that_it_works(args)
    return 0


def _note_that_it_works(args: argparse.Namespace) -> None:
    """What waited for the channel may go: a message has just been accepted."""
    from sqlalchemy.exc import SQLAlchemyError

    from domain.clock import utc_now
    from gridvoice.handling.deliveries import came_through

    try:
        came_through(store(args), args.channel, utc_now())
    except (Unusable, SQLAlchemyError) as problem:
        complain(f"试发成功, 但没能记入数据库, 等候的预警要到下次探测才发: {problem}")


def _retry(args: argparse.Namespace) -> int:
    from domain.clock import utc_now
    from gridvoice.contract.alerts import requeued
    from gridvoice.handling.deliveries import retry

    retried = retry(store(args), args.delivery or None, utc_now())
    if args.delivery and not retried:
        raise Unusable(f"没有编号为 {args.delivery} 的死信; 用 gridvoice alerts list --dead 查看")
    if args.json:
        emit(requeued(retried))
    else:
        say(f"重新排队 {len(retried)} 条, 由运行中的 gridvoice run 发送")
    return 0
