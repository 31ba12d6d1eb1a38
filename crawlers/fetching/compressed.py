"""Bodies unpacked, and only whole ones: Scrapy's own reader takes what it could read of a body that
was cut short for all of it, and half a list would look like a short one."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

# What we say that we understand; of br and zstd nothing tells a whole body as simply.
ACCEPTED = "gzip, deflate"
_GZIP = b"\x1f\x8b\x08"
_GZIP_BITS, _RAW_BITS = zlib.MAX_WBITS | 16, -zlib.MAX_WBITS
_UNASKED = ("br", "zstd", "compress", "x-compress")  # other names are mistakes: "UTF-8"


class TooLarge(ValueError):
    """More comes out of it than a body may have."""


def unpacked(body: bytes, most: int, encodings: Sequence[str] = ()) -> bytes:
    """`body` up to `most` bytes, packed as its headers say; also where it is gzip without saying so
    (a server that hands out a stored file as it lies there), or plain though it says gzip.

    Raises TooLarge, and ValueError (in Chinese) for what is broken or ends early.
    """
    names = [name.strip().lower() for line in encodings for name in line.split(",")]
    for name in reversed(names):
        if name == "deflate":
            body = _inflated(body, most)
        elif name in _UNASKED:
            raise ValueError(f"页面用 {name[:20]} 压缩，我们没有要，也不会解")
        elif name in ("gzip", "x-gzip") and body.startswith(_GZIP):
            body = _gunzipped(body, most)
    return _gunzipped(body, most) if body.startswith(_GZIP) else body


def _gunzipped(body: bytes, most: int) -> bytes:
    plain = b""
    while body.startswith(_GZIP):  # it may be several files, one behind the other
        part, body = _unpack(body, most - len(plain), _GZIP_BITS)
        plain += part
    return plain


def _inflated(body: bytes, most: int) -> bytes:
    if not body:
        return body
    is_raw = (body[0] & 15) != 8 or int.from_bytes(body[:2]) % 31 != 0  # as some servers send it
    return _unpack(body, most, _RAW_BITS if is_raw else zlib.MAX_WBITS)[0]


def _unpack(body: bytes, most: int, bits: int) -> tuple[bytes, bytes]:
    """What one stream holds, and what stands behind it."""
    unpacker = zlib.decompressobj(bits)
    try:
        plain = unpacker.decompress(body, most + 1)
    except zlib.error as error:
        raise ValueError(f"压缩的页面解不开（{error}）") from None
    if len(plain) > most:
        raise TooLarge
    if not unpacker.eof:
        raise ValueError("压缩的页面没有传完")
    return plain, unpacker.unused_data
