"""One of the platform's parsers in a process of its own, for whoever wants to feed it what no honest caller sends.

``python -m reference_impl.door.parser_process PARSER [DEFECT]`` reads batches on standard input (4 bytes number of
inputs, then each as 4 bytes length and its bytes, big-endian) and answers each with a line of JSON: how many inputs,
the seconds the slowest took, and how often each kind of exception came out that a caller would not have been told as a
refusal. An empty batch ends it.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from reference_impl.defects.table import defect_named
from reference_impl.platform import Platform, close_now, open_platform
from reference_impl.refusals import RefusalError
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.errors import WireError
from reference_impl.wire.exchange import Credentials, HttpRequest, Profile
from reference_impl.wire.gateway import GatewayProfile
from reference_impl.wire.primary_care import PrimaryCareProfile

Parse = Callable[[bytes], object]

SENDER = Credentials("fuzz", "0123456789abcdef0123456789abcdef", "T1")
"""Who the envelopes may be sealed by."""
_FOR_REFUSALS = (RefusalError, WireError)


def _payload(platform: Platform) -> Parse:
    rule = platform.parts.verification
    return lambda content: rule.read(content.decode("utf-8", "replace"))


def _envelope(profile: Profile, path: str, content_type: str) -> Callable[[Platform], Parse]:
    line = profile.line(SENDER)

    def parser(_platform: Platform) -> Parse:
        def parse(content: bytes) -> object:
            call = profile.receive(HttpRequest(path, content_type, content))
            return line.open(call, time.time_ns() // 1_000_000)

        return parse

    return parser


PARSERS: dict[str, Callable[[Platform], Parse]] = {
    "QR payload": _payload,
    "gateway envelope": _envelope(GatewayProfile(HN_A), "/gateway", "application/json"),
    "JC3 envelope": _envelope(PrimaryCareProfile(), "/httpapi/services.ashx", "application/x-www-form-urlencoded"),
}


def main(parser: str, defect: str = "") -> None:
    """Answer batches until an empty one."""
    with tempfile.TemporaryDirectory(prefix="xiangka-parser-") as folder:
        platform = open_platform(Path(folder))
        if defect:
            defect_named(defect).apply(platform)
        parse = PARSERS[parser](platform)
        while batch := list(_batch(sys.stdin.buffer)):
            sys.stdout.write(json.dumps(_fed(parse, batch)) + "\n")
            sys.stdout.flush()
        close_now(platform)


def _fed(parse: Parse, batch: list[bytes]) -> dict[str, object]:
    raised, slowest = Counter[str](), 0.0
    for content in batch:
        begun = time.perf_counter()
        try:
            parse(content)
        except _FOR_REFUSALS:
            pass
        except Exception as error:
            raised[type(error).__name__] += 1
        slowest = max(slowest, time.perf_counter() - begun)
    return {"inputs": len(batch), "slowest_s": slowest, "exceptions": raised}


def _batch(stream: BinaryIO) -> Iterator[bytes]:
    for _ in range(int.from_bytes(stream.read(4))):
        yield stream.read(int.from_bytes(stream.read(4)))


if __name__ == "__main__":
    main(*sys.argv[1:])
