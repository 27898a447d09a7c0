"""Addresses of HTTP services as a bench file or an option names them."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from rigs.errors import BenchFileError


def http_parts(url: str, where: str) -> SplitResult:
    """An http or https address taken apart.

    Args:
        url: the address.
        where: key or option it was given in.

    Raises:
        BenchFileError: it is none.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise BenchFileError(f"{url!r} is no http address", where=where, remedy="write it as http://HOST:PORT")
    return parts
