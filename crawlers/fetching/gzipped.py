"""Bodies that are gzip without saying so: servers that hand out a stored file as it lies there."""

from __future__ import annotations

import zlib

_MAGIC = b"\x1f\x8b\x08"


class TooLarge(ValueError):
    """More comes out of it than a body may have."""


def unpacked(body: bytes, most: int) -> bytes:
    """`body`, unpacked where it is gzip, up to `most` bytes. Raises TooLarge, and ValueError (in
    Chinese) for what is broken or ends early."""
    if not body.startswith(_MAGIC):
        return body
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        plain = unpacker.decompress(body, most + 1)
    except zlib.error as error:
        raise ValueError(f"压缩的页面解不开（{error}）") from None
    if len(plain) > most:
        raise TooLarge
    if not unpacker.eof:
        raise ValueError("压缩的页面没有传完")
    return plain
