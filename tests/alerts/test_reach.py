"""Whether anybody is reached: a line a channel, and what befell it in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.channels.opening import ChannelStatus, ConfiguredChannel
from alerts.channels.reach import reach_lines
from domain.alerts import ChannelState

NOW = datetime(2026, 11, 23, 19, 10, tzinfo=UTC)  # 03:10 in Shanghai
NOBODY = "注意：目前没有任何通道能把预警送到人，请检查 channels.yaml 并电话值守"
GROUP = ConfiguredChannel("group", "wecom", "值班群", ChannelStatus.READY, reaches_people=True)
FILE = ConfiguredChannel("file", "file", "文件", ChannelStatus.READY)


def lines(*channels: ConfiguredChannel, **states: ChannelState) -> list[str]:
    return reach_lines(channels, states, NOW)


def state(**changes: object) -> ChannelState:
    return ChannelState("group", problem="503 busy", **changes)  # type: ignore[arg-type]


def test_a_channel_that_reaches_people_says_so_and_one_that_does_not_is_silent() -> None:
    assert lines(GROUP, FILE) == ["通道 group（值班群）：通到人"]
    assert lines(FILE) == [NOBODY]
    assert lines() == [NOBODY]


HOUR = timedelta(hours=1)
WELL = "通到人"


@pytest.mark.parametrize(
    ("befell", "said"),
    [
        (state(failures=2, down_since=NOW - HOUR), WELL),
        (
            state(failures=3, down_since=NOW - HOUR),
            "自11月24日 02:10起不通，连续失败 3 次：503 busy",
        ),
        (
            state(failures=4, down_since=NOW + HOUR),
            "自11月24日 03:10起不通，连续失败 4 次：503 busy",
        ),
        (state(down_since=NOW - HOUR), "自11月24日 02:10起，应答看不出是否收下：503 busy"),
        (state(down_since=NOW + HOUR), "自11月24日 03:10起，应答看不出是否收下：503 busy"),
        (state(blocked_until=NOW + timedelta(seconds=61.5)), "对方要求暂停，61 秒后再发：503 busy"),
        (state(blocked_until=NOW), WELL),
        (state(blocked_until=NOW + HOUR), WELL),  # a clock that was put back
    ],
)
def test_what_befell_a_channel_is_said_and_nobody_is_reached_meanwhile(
    befell: ChannelState, said: str
) -> None:
    found = lines(GROUP, FILE, group=befell)
    assert found == [f"通道 group（值班群）：{said}"] + ([] if said == WELL else [NOBODY])


def test_what_cannot_be_used_is_no_way_to_people() -> None:
    missing = ConfiguredChannel(
        "sms", "sms", "短信", ChannelStatus.NOT_CONFIGURED, "未配置：缺少 SMS_URL", None, True
    )
    broken = ConfiguredChannel("out", "file", "输出", ChannelStatus.BROKEN, "路径不对")
    assert lines(missing, broken) == [
        "通道 sms（短信）：未配置：缺少 SMS_URL",
        "通道 out（输出）：配置有误：路径不对",
        NOBODY,
    ]
    assert not missing.is_way_to_people
    assert not broken.is_way_to_people
    assert lines(missing, GROUP)[-1] == "通道 group（值班群）：通到人"
