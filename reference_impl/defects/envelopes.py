"""Platforms that take a request at its word: when it was made, that it is new, and that nobody has changed it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from reference_impl.access.accounts import Account
from reference_impl.defects.exchanging import put
from reference_impl.platform import Platform
from reference_impl.wire.exchange import Call, Line, Profile, Request
from reference_impl.wire.freshness import whole_number
from reference_impl.wire.gateway import GatewayLine
from reference_impl.wire.gateway_codec import GatewayCodec

_LOOKS_LIKE_A_DIGEST = re.compile("(?:[0-9A-Fa-f]{2}){16,32}")


def _in_each_line(platform: Platform, exchange: Callable[[Line], None]) -> None:
    """Exchange something in the line to every application, once it is made."""
    sound, known = platform.gateway._line, dict[str, Line]()

    def line(profile: Profile, call: Call) -> tuple[Account, Line]:
        account, found = sound(profile, call)
        if known.get(account.app_id) is not found:
            exchange(found)
            known[account.app_id] = found
        return account, found

    put(platform.gateway, "_line", line)


def _in_each_codec(platform: Platform, exchange: Callable[[GatewayCodec], None]) -> None:
    """As ``_in_each_line``, in the codecs of the ``ehc.*`` gateways."""

    def in_line(line: Line) -> None:
        if isinstance(line, GatewayLine):
            exchange(line._codec)

    _in_each_line(platform, in_line)


def looks_back_only(platform: Platform) -> None:
    """Ask of a timestamp only that it is not too old."""

    def exchange(codec: GatewayCodec) -> None:
        sound = codec.fresh
        put(codec, "fresh", lambda stamp, now_ms: sound(stamp, max(now_ms, whole_number(stamp, "timestamp"))))

    _in_each_codec(platform, exchange)


def ignores_digest(platform: Platform) -> None:
    """Find whatever digest a request came with the right one."""

    def exchange(codec: GatewayCodec) -> None:
        sound, name = codec._digest, codec.row.digest_field

        def digest(fields: Mapping[str, str]) -> str:
            # What has not even the form of a digest must not make the platform fail: that would be another defect.
            given = fields.get(name, "")
            return given if _LOOKS_LIKE_A_DIGEST.fullmatch(given) else sound(fields)

        put(codec, "_digest", digest)

    _in_each_codec(platform, exchange)


def forgets_requests(platform: Platform) -> None:
    """Spend every request under another key, so that none is ever found to have come before."""
    random = platform.parts.random

    def exchange(line: Line) -> None:
        sound = line.open

        def opened(call: Call, now_ms: int) -> Request:
            request = sound(call, now_ms)
            return replace(request, replay_key=random(len(request.replay_key)))

        put(line, "open", opened)

    _in_each_line(platform, exchange)
