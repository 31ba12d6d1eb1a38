"""The pace towards a host: Scrapy's AutoThrottle, between each source's own bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy import Request, Spider
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response

if TYPE_CHECKING:
    from scrapy.core.downloader import Slot

META_MIN_DELAY = "min_delay"  # request.meta: seconds, the source's own or robots.txt's


class PoliteThrottle(AutoThrottle):
    """The slower a site answers, the slower it is asked; never faster than the source allows.

    A new slot starts at the source's delay; AutoThrottle's start delay for all would be wrong
    for a local test site and for a slow one alike.
    """

    def _start_delay(self) -> float:
        return self._min_delay()

    def _response_downloaded(self, response: Response, request: Request, spider: Spider) -> None:
        self._least = float(request.meta.get(META_MIN_DELAY, self.mindelay))
        super()._response_downloaded(response, request, spider)

    def _adjust_delay(self, slot: Slot, latency: float, response: Response) -> None:
        if self._least == 0:  # a source that sets delay: 0s means it (one's own machine)
            return
        super()._adjust_delay(slot, latency, response)
        slot.delay = max(slot.delay, self._least)
