"""A processor card that answers APDUs from its image (ISO/IEC 7816-4), under T=0 if its ATR offers nothing else."""

from __future__ import annotations

import os
import time

from rigs.card_images import Application, CpuImage
from rigs.protocols import iso7816
from rigs.protocols.atr import parse as parse_atr
from rigs.protocols.iso7816 import ApduError, Command, parse

WORK_S = 0.01
"""How long it works on one command."""
TRIES = 3
_GPO, _GET_CHALLENGE, _UPDATE_RECORD, _ACTIVATE = 0xA8, 0x84, 0xDC, 0x44


class CpuCard:
    """One card; its state is lost with its power.

    Args:
        image: what it holds.
        work_s: how long it works on one command, s.
    """

    def __init__(self, image: CpuImage, work_s: float = WORK_S) -> None:
        self.image = image
        self._work_s = work_s
        self._tries = TRIES
        self._t0 = parse_atr(image.atr).protocols == (0,)
        self.reset()

    @property
    def atr(self) -> bytes:
        """Its answer to reset."""
        return self.image.atr

    def reset(self) -> None:
        """Forget what was selected and what is still to be fetched."""
        self._application: Application | None = None
        self._written: dict[tuple[int, int], bytes] = {}
        self._waiting = b""

    def transmit(self, apdu: bytes) -> bytes:
        """Carry out one command APDU; the response with its status word."""
        time.sleep(self._work_s)
        try:
            command = parse(apdu)
        except ApduError:
            return _word(iso7816.WRONG_LENGTH)
        if command.ins == iso7816.GET_RESPONSE:
            return self._fetched(command)
        self._waiting = b""
        data, status = self._carry_out(command)
        return self._answered(command, data, status)

    def _answered(self, command: Command, data: bytes, status: int) -> bytes:
        if not data:
            return _word(status)
        if self._t0 and command.data:
            self._waiting = data
            return _word(0x6100 | min(len(data), 256) & 0xFF)
        if command.le is None:
            return _word(status)
        if self._t0 and command.le != 256 and command.le != len(data):
            return _word(0x6C00 | len(data) & 0xFF)
        return data[: command.le] + _word(status)

    def _fetched(self, command: Command) -> bytes:
        if not self._waiting:
            return _word(iso7816.CONDITIONS_NOT_SATISFIED)
        size = command.le or 256
        data, self._waiting = self._waiting[:size], self._waiting[size:]
        return data + _word(0x6100 | min(len(self._waiting), 256) & 0xFF if self._waiting else iso7816.OK)

    def _carry_out(self, command: Command) -> tuple[bytes, int]:
        if command.cla not in (0x00, 0x80):
            return b"", iso7816.CLA_NOT_SUPPORTED
        match command.ins:
            case iso7816.SELECT:
                return self._select(command)
            case iso7816.READ_RECORD:
                return self._read(command)
            case iso7816.VERIFY:
                return b"", self._verify(command.data)
            case _ if command.ins == _UPDATE_RECORD:
                self._written[command.p2 >> 3, command.p1] = command.data
                return b"", iso7816.OK
            case _ if command.ins == _GPO and self._application is not None and self._application.options:
                return self._application.options, iso7816.OK
            case _ if command.ins == _GET_CHALLENGE:
                return os.urandom(8), iso7816.OK
            case _ if command.ins == _ACTIVATE:
                return b"", iso7816.OK
            case _:
                return b"", iso7816.INS_NOT_SUPPORTED

    def _select(self, command: Command) -> tuple[bytes, int]:
        found = [one for one in self.image.applications if one.name == command.data]
        if command.p1 != 0x04 or not found:
            return b"", iso7816.FILE_NOT_FOUND
        self._application = found[0]
        return self._application.offer, iso7816.OK

    def _read(self, command: Command) -> tuple[bytes, int]:
        if command.p2 & 0x07 != 0x04 or self._application is None:
            return b"", iso7816.CONDITIONS_NOT_SATISFIED
        place = command.p2 >> 3, command.p1
        if not any(sfi == place[0] for sfi, _ in self._application.records):
            return b"", iso7816.FILE_NOT_FOUND
        value = self._written.get(place, self._application.records.get(place))
        return (b"", iso7816.RECORD_NOT_FOUND) if value is None else (value, iso7816.OK)

    def _verify(self, pin: bytes) -> int:
        if not self.image.pin:
            return iso7816.CONDITIONS_NOT_SATISFIED
        if self._tries == 0:
            return iso7816.BLOCKED
        if pin == self.image.pin:
            self._tries = TRIES
            return iso7816.OK
        if pin:
            self._tries -= 1
        return 0x63C0 | self._tries if self._tries else iso7816.BLOCKED


def _word(status: int) -> bytes:
    return status.to_bytes(2, "big")
