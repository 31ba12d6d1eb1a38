"""The section `crawler:` of config/gridvoice.yaml: how the crawl process behaves as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from domain.input.load import Problems

_MAX_CONTACT = 200


@dataclass(frozen=True, slots=True)
class CrawlSettings:
    """What holds for all sources together. Durations are seconds."""

    contact: str = ""  # telephone or address that a site's owner finds in the User-Agent
    memory_limit_mb: int | None = 2048  # of the crawl process; None: as much as there is
    max_polls: int = 512  # polls under way at once
    least_delay_s: float = 0.0  # between requests to one host, whatever a source says
    ask_every_s: float = 1.0  # how often the store is asked for due sources
    retry_wait_s: float = 1.5  # before the one second try of a request that broke off
    finish_s: float = 5.0  # what a stop leaves running polls to finish

    @property
    def user_agent(self) -> str:
        contact = f"; +{self.contact}" if self.contact else ""
        return f"Mozilla/5.0 (compatible; GridVoice/0.1{contact})"

    def problems(self) -> Problems:
        is_header = self.contact.isascii() and self.contact.isprintable()
        if not is_header or len(self.contact) > _MAX_CONTACT:
            yield (
                "contact",
                f"{self.contact!r} 放不进 User-Agent；写电话、邮箱或网址，不用中文，200 字以内",
            )
        if self.memory_limit_mb is not None and self.memory_limit_mb < 256:
            yield "memory_limit_mb", f"{self.memory_limit_mb} 太小，抓取进程起不来；最小 256"
        if not 1 <= self.max_polls <= 4096:
            yield "max_polls", f"{self.max_polls} 不在 1 到 4096 之间"
        for name, least, most in (
            ("least_delay_s", 0.0, 300.0),
            ("ask_every_s", 0.01, 60.0),
            ("retry_wait_s", 0.0, 60.0),
            ("finish_s", 0.0, 6.0),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                yield name, f"{value} 不在 {least:g} 到 {most:g} 秒之间"
