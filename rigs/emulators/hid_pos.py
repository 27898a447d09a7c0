"""A Honeywell scanner in HID-POS mode: its menu and what it reads in reports."""

from __future__ import annotations

from rigs.emulators.hardware import Hardware
from rigs.emulators.honeywell import HoneywellEmulator
from rigs.protocols import hid_pos, honeywell


class HidPosEmulator(HoneywellEmulator):
    """An emulated Honeywell engine whose port carries HID-POS reports.

    Args:
        hardware: what it is made of.
    """

    def __init__(self, hardware: Hardware) -> None:
        self._reports = hid_pos.CommandReader()
        super().__init__(hardware)

    def receive(self, data: bytes) -> None:
        """Take output reports from the host."""
        if not self._behaviour.takes_split_commands:
            self._reports = hid_pos.CommandReader()
        if command := self._reports.feed(data):
            super().receive(command)

    def _answer_host(self, reply: bytes) -> None:
        """Text of several lines in reports of its own, then the echo with its status."""
        text, status = _parted(reply)
        if text:
            self._port.send(hid_pos.scanned_data(hid_pos.ANSWER_TEXT, text))
        self._port.send(hid_pos.scanned_data(hid_pos.ANSWER_STATUS, status))

    def _deliver(self, text: bytes) -> None:
        self._port.send(hid_pos.scanned_data(hid_pos.QR, text))


def _parted(reply: bytes) -> tuple[bytes, bytes]:
    echo = honeywell.Setting.REVISION.encode()
    if not reply.startswith(echo):
        return b"", reply
    text, end, status = reply.removeprefix(echo).rpartition(b"\n")
    return text + end, echo + status
