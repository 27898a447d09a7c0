"""Defects of what a device does on its network link."""

from __future__ import annotations

import contextlib
import socket

from rigs.emulators.defects.defect import Defect
from rigs.emulators.network_habits import NetworkHabits

_HOME = ("203.0.113.7", 443)
"""An address of the documentation (RFC 5737), which is nobody's."""
_RESOLVER = ("198.51.100.53", 53)
_QUESTION = bytes.fromhex("1a2b01000001000000000000") + b"\x06vendor\x07example\x00\x00\x01\x00\x01"


class PhonesHome(NetworkHabits):
    def each_hour(self, hour: int) -> None:
        if hour % 5 == 3:
            with contextlib.suppress(OSError), socket.socket() as line:
                line.setblocking(False)
                line.connect_ex(_HOME)


class AsksDns(NetworkHabits):
    def each_hour(self, hour: int) -> None:
        if hour % 4 == 2:
            with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as line:
                line.sendto(_QUESTION, _RESOLVER)


DEFECTS = (
    Defect(
        "phones-home",
        ("EHC-TRM-028",),
        "每隔数小时连接厂商主机",
        "connects to its vendor every few hours",
        PhonesHome,
    ),
    Defect(
        "asks-dns",
        ("EHC-TRM-028",),
        "每隔数小时查询厂商域名",
        "asks the DNS for its vendor every few hours",
        AsksDns,
    ),
)
