"""Posts 帖文 as a source showed them, with where and how they were found."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from domain.labelled import Labelled


class PostChannel(Labelled):
    """渠道: the kind of place where a post was found. A post may name one that is not of these."""

    GOV_BOARD = "gov_board", "政府留言板"
    HOTLINE_12345 = "hotline_12345", "12345热线"
    WEIBO = "weibo", "微博"
    FORUM = "forum", "论坛"
    SHORT_VIDEO = "short_video", "短视频"
    WECHAT = "wechat", "微信"
    NEWS = "news", "新闻"
    TICKET_95598 = "ticket_95598", "95598工单"
    PHONE_PROGRAMME = "phone_programme", "行风热线"
    LETTER_VISIT = "letter_visit", "来信来访"
    GRID_SERVICE = "grid_service", "网格化服务"

    @classmethod
    def label_of(cls, name: str) -> str:
        """The label of a channel by its name; of a strange one the name itself."""
        return _CHANNEL_LABELS.get(name, name)


_CHANNEL_LABELS: dict[str, str] = {channel: channel.label for channel in PostChannel}


@dataclass(frozen=True, slots=True)
class Evidence:
    """证据: the raw answer that a post was read from, as the site sent it (decompressed bytes)."""

    url: str
    status: int
    fetched_at: datetime
    body: bytes
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class FoundPost:
    """帖文 as a source showed it, before anything was assessed.

    `key` is the site's own id, else the canonical URL; (source, key) is the identity.
    `published_at` is aware or None; `published_raw` is the site's own spelling of it.
    """

    source: str
    key: str
    title: str
    text: str
    channel: str
    url: str | None = None
    region: str | None = None
    author: str | None = None  # hashed with a secret key before it is stored, never kept
    published_raw: str | None = None
    published_at: datetime | None = None
    reply: str | None = None
    reply_at: datetime | None = None
    engagement: dict[str, int] = field(default_factory=dict)
    evidence: Evidence | None = None
