"""Scrapy's HTTP/1.1 handler: connections kept for seconds, not for minutes, and answers read as
patiently as browsers read them."""

from __future__ import annotations

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from scrapy.crawler import Crawler
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.web._newclient import Request
from twisted.web.http import _ChunkedTransferDecoder
from twisted.web.iweb import IResponse

_KEEP_S = 15  # long enough for the detail pages of one poll
_HEADER_BYTES = 64 * 1024  # of one line: cookies and policies of a portal


class PaddedChunks(_ChunkedTransferDecoder):
    """Old servers write the size of a chunk with blanks behind it."""

    def _dataReceived_CHUNK_LENGTH(self) -> bool:
        end = self._buffer.find(b"\r\n")
        size = bytes(self._buffer[: max(end, 0)]).rstrip(b" \t")
        if size and len(size) < end:
            self._buffer[:end] = size
            self._start = 0
        return super()._dataReceived_CHUNK_LENGTH()


class PatientParser(_LenientHTTPClientParser):
    """Reads long headers, padded chunks, and "Transfer-Encoding: identity", which says nothing."""

    MAX_LENGTH = _HEADER_BYTES
    _transferDecoders = {b"chunked": PaddedChunks}  # noqa: RUF012

    def headerReceived(self, name: bytes, value: bytes) -> None:
        if name.lower() != b"transfer-encoding" or value.lower() not in (b"", b"identity"):
            super().headerReceived(name, value)  # type: ignore[no-untyped-call]


class _Protocol(_LenientHTTP11ClientProtocol):
    def request(self, request: Request) -> Deferred[IResponse]:
        answer = super().request(request)
        assert self._parser is not None
        self._parser.__class__ = PatientParser  # as Scrapy does: Twisted takes no other parser
        return answer


class _Factory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: IAddress | None) -> _Protocol:
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


class BriefConnections(HTTP11DownloadHandler):
    """Twisted keeps an idle connection for four minutes: with 10,000 sources asked every five,
    8,000 sockets would lie about."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool.cachedConnectionTimeout = _KEEP_S
        self._pool._factory = _Factory
