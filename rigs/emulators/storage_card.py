"""A storage card behind a contactless reader, which answers the pseudo-APDUs of PC/SC part 3, 3.2.2, for it."""

from __future__ import annotations

import time

from rigs.card_images import StorageImage
from rigs.protocols import iso7816
from rigs.protocols.iso7816 import ApduError, Command, parse
from rigs.protocols.visit_card import ATR, AUTHENTICATE, BLOCK_BYTES, GET_DATA, LOAD_KEYS, READ

WORK_S = 0.01
_AUTHENTICATION_FAILED = 0x6300
_KEY_NOT_USABLE = 0x6986


class StorageCard:
    """Reader and card together; keys loaded stay until the reader is reset.

    Args:
        image: what the card holds.
        work_s: how long one command takes, s.
    """

    def __init__(self, image: StorageImage, work_s: float = WORK_S) -> None:
        self.image = image
        self._work_s = work_s
        self.reset()

    @property
    def atr(self) -> bytes:
        """What the reader makes up for a storage card."""
        return ATR

    def reset(self) -> None:
        """Forget keys and authentication."""
        self._keys: dict[int, bytes] = {}
        self._open_sector: int | None = None

    def transmit(self, apdu: bytes) -> bytes:
        """Carry out one pseudo-APDU; the response with its status word."""
        time.sleep(self._work_s)
        try:
            command = parse(apdu)
        except ApduError:
            return iso7816.WRONG_LENGTH.to_bytes(2, "big")
        data, status = self._carry_out(command)
        return data + status.to_bytes(2, "big")

    def _carry_out(self, command: Command) -> tuple[bytes, int]:
        if command.cla != 0xFF:
            return b"", iso7816.CLA_NOT_SUPPORTED
        match command.ins:
            case _ if command.ins == GET_DATA:
                return self.image.uid, iso7816.OK
            case _ if command.ins == LOAD_KEYS:
                return b"", self._load(command)
            case _ if command.ins == AUTHENTICATE:
                return b"", self._authenticate(command.data)
            case _ if command.ins == READ:
                return self._read(command)
            case _:
                return b"", iso7816.INS_NOT_SUPPORTED

    def _load(self, command: Command) -> int:
        if len(command.data) != 6:
            return iso7816.WRONG_LENGTH
        self._keys[command.p2] = command.data
        return iso7816.OK

    def _authenticate(self, data: bytes) -> int:
        if len(data) != 5 or data[0] != 0x01:
            return iso7816.WRONG_PARAMETERS
        block, key = data[2], self._keys.get(data[4])
        self._open_sector = None
        if key is None:
            return _KEY_NOT_USABLE
        if key != self.image.key:
            return _AUTHENTICATION_FAILED
        self._open_sector = block // 4
        return iso7816.OK

    def _read(self, command: Command) -> tuple[bytes, int]:
        if self._open_sector != command.p2 // 4:
            return b"", iso7816.NOT_ALLOWED
        return self.image.blocks.get(command.p2, bytes(BLOCK_BYTES))[: command.le or BLOCK_BYTES], iso7816.OK
