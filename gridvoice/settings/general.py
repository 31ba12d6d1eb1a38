"""The application's own settings: config/gridvoice.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crawlers.crawl_settings import CrawlSettings
from domain.addresses import is_loopback


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """Where the console listens. Loopback only until log-in exists."""

    host: str = "127.0.0.1"
    port: int = 8650

    def problems(self) -> Iterator[tuple[str, str]]:
        if not is_loopback(self.host) or self.host.startswith("["):
            yield "host", f"{self.host!r} 不是本机地址; 控制台尚无登录, 只许 127.0.0.1 或 ::1"
        if not 0 <= self.port < 65536:
            yield "port", f"{self.port} 不是端口号; 写 0 到 65535 (0 由系统选)"


@dataclass(frozen=True, slots=True)
class DiskSettings:
    """When the disk that holds the store counts as nearly full: below either of the two."""

    free_mb: int = 500
    free_percent: float = 2.0

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.free_mb < 0:
            yield "free_mb", f"{self.free_mb} 小于 0; 写兆字节数, 例: 500"
        if not 0 <= self.free_percent <= 100:
            yield "free_percent", f"{self.free_percent} 不是 0 到 100 的百分数"


@dataclass(frozen=True, slots=True)
class GeneralSettings:
    """config/gridvoice.yaml."""

    name: str
    public_url: str
    zone: str = "Asia/Shanghai"
    fresh_for: timedelta = timedelta(hours=72)
    console: ConsoleSettings = field(default_factory=ConsoleSettings)
    crawler: CrawlSettings = field(default_factory=CrawlSettings)
    disk: DiskSettings = field(default_factory=DiskSettings)

    @property
    def time_zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def problems(self) -> Iterator[tuple[str, str]]:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # no such, no name, a folder of them
            yield "zone", f"{self.zone!r} 不是时区名; 例: Asia/Shanghai"
        if not self.public_url.startswith(("http://", "https://")):
            yield "public_url", f"{self.public_url!r} 不是网址; 以 http:// 或 https:// 开头"
