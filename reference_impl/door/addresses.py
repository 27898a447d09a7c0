"""Addresses of those whom the platform itself asks, looked at before anything is opened."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from reference_impl.errors import PlatformError


@dataclass(frozen=True)
class Asked:
    """Somebody whom the platform asks: who they are, the option that names them, and how to name a stand-in."""

    whose: str
    option: str
    remedy: str


NATIONAL = Asked(
    "a national platform",
    "--national",
    "give one like http://127.0.0.1:8650, where `xiangka platform national-stand-in` may answer",
)
REAL_NAME = Asked(
    "a register of persons",
    "--real-name",
    "give one like http://127.0.0.1:8660, where `xiangka platform real-name-stand-in` may answer",
)


def check_address(asked: Asked, url: str) -> None:
    """Refuse what is no address.

    Raises:
        PlatformError: it is not an HTTP address.
    """
    _parts(asked, url)


def check_loopback(asked: Asked, url: str) -> None:
    """Refuse what is no address of this machine: what is asked there names people, and may not be enciphered.

    Raises:
        PlatformError: it is no HTTP address, or one of another machine.
    """
    host = _parts(asked, url).hostname or ""
    try:
        here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        here = False
    if not here:
        raise PlatformError(
            f"{asked.whose} is told names and numbers, so it is asked on this machine only",
            where=_where(asked, url),
            remedy="use 127.0.0.1, or allow other addresses explicitly on a closed test network",
        )


def _parts(asked: Asked, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise PlatformError(f"this is no address of {asked.whose}", where=_where(asked, url), remedy=asked.remedy)
    return parts


def _where(asked: Asked, url: str) -> str:
    """Name the option with scheme, host and port of what it was given: the rest may be a password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return asked.option
    if not parts.hostname:
        return asked.option
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    try:
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        port = ""
    return f"{asked.option} {parts.scheme}://{host}{port}"
