"""Driver for Honeywell engines with a serial menu. Tried on: the project's emulator; no hardware yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from rigs.drivers.exchanges import Script
from rigs.drivers.keepsake import Keepsake
from rigs.drivers.serial_scanner import SILENCE_S, SerialScanner
from rigs.protocols import honeywell
from rigs.protocols.honeywell import Setting
from rigs.roles import DeviceIdentity, Exchange

_LISTED = (
    *(Setting.TRIGGER_MODE, Setting.READ_TIMEOUT, Setting.REREAD_DELAY, Setting.GOOD_READ_DELAY),
    *(Setting.BEEPER, Setting.BEEPER_VOLUME, Setting.CODABAR, Setting.CODABAR_SHORTEST, Setting.CODABAR_LONGEST),
    *(Setting.CODE_128, Setting.EAN_13, Setting.QR, Setting.QR_SHORTEST, Setting.QR_LONGEST),
    *(Setting.DATA_MATRIX, Setting.PDF417, Setting.BAUD),
)
_LONGEST_READING_MS = 300_000
_REVISION_S = 2.0
"""A revision of several hundred characters takes this long on the slowest line, s."""
_STALE_S = 0.2
"""Bytes that are neither a reply nor followed by a terminator for this long are noise, s."""


def _stored(value: str) -> tuple[bytes, ...]:
    return (honeywell.command(f"{Setting.REREAD_DELAY}{value}"),)


class HoneywellScanner(SerialScanner):
    """A Honeywell engine on a serial line, in manual (serial) trigger mode or presentation mode.

    Everything is set in the volatile table: the engine's stored configuration stays as it was found.
    """

    configuration_codes = honeywell.SETTING_CODES
    keepsake = Keepsake(
        name=Setting.REREAD_DELAY,
        values=("800", "900", "1000"),
        frames=_stored,
        back=lambda settings: _stored(settings[Setting.REREAD_DELAY]),
    )
    _awaited: list[tuple[bytes, float]]
    _ignored_since_s: float | None
    _heard_ns: int

    def identify(self) -> DeviceIdentity:
        """Model, serial, hardware (its boot revision) and firmware; an engine does not tell its vendor.

        Raises:
            RigError: the device has not answered for ``SILENCE_S``.
        """
        said = honeywell.revision_lines(self._insist(honeywell.command(Setting.REVISION), _REVISION_S))
        firmware = (said.get("Software Part Number"), said.get("Software Revision"))
        return DeviceIdentity(
            model=said.get("Product Name"),
            serial=said.get("Serial Number"),
            hardware=said.get("Boot Revision"),
            firmware=" ".join(part for part in firmware if part) or None,
        )

    def settings(self) -> Mapping[str, str]:
        """The settings in force, without those the engine does not have.

        Raises:
            RigError: the device has not answered for ``SILENCE_S``.
        """
        query = honeywell.command(";".join(f"{name}?" for name in _LISTED), stored=False)
        found = zip(_LISTED, honeywell.answers(self._insist(query, 1.0)), strict=True)
        return {str(name): text.removeprefix(name) for name, (text, status) in found if status == honeywell.DONE}

    def exchanges(self) -> list[Callable[[], Exchange]]:
        """Forty exchanges on queries, settings, refusals, split and glued writes, line rates, break and garbage."""
        return _script(self).exchanges()

    def disarm(self) -> None:
        """Stop looking, and make sure the device is still there: its trigger commands are not confirmed.

        Raises:
            RigError: the device has ignored its host for ``SILENCE_S``.
        """
        super().disarm()
        asked_s = time.monotonic()
        if not self.answers():
            if self._ignored_since_s is None:
                self._ignored_since_s = asked_s
            if time.monotonic() - self._ignored_since_s > SILENCE_S:
                raise self.silent()

    def answers(self) -> bool:
        """Whether the time limit of a reading can be asked for."""
        return self.ask(honeywell.command(f"{Setting.READ_TIMEOUT}?", stored=False)) is not None

    def ask(self, frame: bytes, timeout_s: float = 0.5) -> bytes | None:
        """Send a menu command and return the reply, or None when the device stays silent.

        A reply that comes after the time limit is still told from a delivery, and is not taken for the reply to
        another command.
        """
        self._replies.clear()
        deadline = time.monotonic() + timeout_s
        self._awaited.append((frame, deadline + SILENCE_S))
        self.line.write(frame)
        while (left := deadline - time.monotonic()) > 0:
            self._pump(left)
            while self._replies:
                answer, _ = self._replies.popleft()
                if honeywell.reply_length(answer, frame) == len(answer):
                    return answer
        if time.monotonic() - self._heard_ns / 1e9 > _STALE_S:
            self._discard()
        return None

    def _set_up(self) -> None:
        self._awaited = []
        self._ignored_since_s = None
        self._heard_ns = time.monotonic_ns()
        self._discard()
        timeout_ms = min(_LONGEST_READING_MS, max(1, round(self.read_timeout_s * 1000)))
        mode = Setting.MANUAL_TRIGGER if self.mode == "command" else Setting.PRESENTATION
        for wanted in (mode, f"{Setting.READ_TIMEOUT}{timeout_ms}"):
            frame = honeywell.command(wanted, stored=False)
            answer = self.ask(frame) or self.ask(frame)
            if answer is None:
                raise self.silent()
            if any(status != honeywell.DONE for _, status in honeywell.answers(answer)):
                raise self.refused(wanted)

    def _reply_length(self, buffer: bytes) -> int | None:
        now = time.monotonic()
        self._awaited = [(sent, until_s) for sent, until_s in self._awaited if until_s > now]
        lengths = [honeywell.reply_length(buffer, sent) for sent, _ in self._awaited]
        for number, length in enumerate(lengths):
            if length:
                del self._awaited[number]
                return length
        return 0 if 0 in lengths else None

    def _trigger(self) -> bool:
        self.line.write(honeywell.TRIGGER_COMMAND)
        return True

    def _stop(self) -> None:
        self.line.write(honeywell.STOP_COMMAND)

    def _pump(self, timeout_s: float) -> bool:
        if super()._pump(timeout_s):
            self._heard_ns = time.monotonic_ns()
            self._ignored_since_s = None
            return True
        return bool(self._buffer) and self._take(self._heard_ns)

    def _insist(self, frame: bytes, timeout_s: float) -> bytes:
        """Ask until the device answers."""
        deadline = time.monotonic() + SILENCE_S
        while (answer := self.ask(frame, timeout_s)) is None:
            if time.monotonic() > deadline:
                raise self.silent()
        return answer


def _script(scanner: HoneywellScanner) -> Script:
    """Forty exchanges after the guides; the device's settings are as before when the last one is done."""
    script = Script(scanner)
    codabar = scanner.settings().get(Setting.CODABAR, "1")
    other = "0" if codabar == "1" else "1"
    query, query_reply = honeywell.command("CBRENA?", stored=False), f"CBRENA{codabar}\x06!".encode()
    many = "CBRENA?,MIN?,MAX?;128ENA?;E13ENA?;QRCENA?,MIN?,MAX?;PDFENA?;BEPBEP?,LVL?;TRGSTO?"
    long_query = honeywell.command(many, stored=False)
    long_reply = scanner.ask(long_query) or query_reply
    if honeywell.answers(long_reply)[:1] != honeywell.answers(query_reply):
        long_reply = query_reply  # a refusal must not become what the device is measured by
    revision = honeywell.command(Setting.REVISION)
    revision_reply = scanner.ask(revision, _REVISION_S) or b"REVINF\x06."

    def change(name: str, text: str, expect: str, *, stored: bool = False) -> None:
        script.add(name, honeywell.command(text, stored=stored), expect.encode())

    for size in (1, 2, 3, 4, 5, 6, 8, 16, 32, 64):
        script.add(f"twelve queries split into writes of {size} bytes", long_query, long_reply, split=size)
    script.add("query", query, query_reply)
    script.add("query, lower case", honeywell.command("cbrena?", stored=False), query_reply)
    change("default", "cbrena^", "CBRENA1\x06.", stored=True)
    change("range of a switch", "cbrena*", "CBRENA0-1\x06.", stored=True)
    change("range of a number", "TRGSTO*", f"TRGSTO0-{_LONGEST_READING_MS}\x06.", stored=True)
    script.add("revision", revision, revision_reply)

    change("volatile setting", f"CBRENA{other}", f"CBRENA{other}\x06!")
    change("volatile setting read back", "CBRENA?", f"CBRENA{other}\x06!")
    change("several settings of one tag", f"CBRENA{other},MIN4,MAX60", f"CBRENA{other}\x06,MIN4\x06,MAX60\x06!")
    change("settings of several tags", f"CBRENA{other};QRCENA1", f"CBRENA{other}\x06;QRCENA1\x06!")
    change("setting, lower case", f"cbrena{codabar}", f"CBRENA{codabar}\x06!")
    change("stored setting", f"CBRENA{codabar}", f"CBRENA{codabar}\x06.", stored=True)

    change("unknown tag is refused", "XYZABC1", "XYZABC1\x05!")
    change("unknown subtag is refused", "CBRXYZ1", "CBRXYZ1\x05!")
    change("switch out of range is refused", "CBRENA9", "CBRENA9\x15!")
    change("number out of range is refused", "TRGSTO300001", "TRGSTO300001\x15!")
    statuses = f"CBRENA{codabar}\x06;XYZABC1\x05;CBRENA9\x15!"
    change("three settings, three statuses", f"CBRENA{codabar};XYZABC1;CBRENA9", statuses)

    script.add("trigger off while idle has no reply", honeywell.STOP_COMMAND, b"")
    script.add("two queries, glued", query + query, query_reply * 2)
    script.add("trigger off between queries, glued", query + honeywell.STOP_COMMAND + query, query_reply * 2)
    script.add("half a command is dropped", query[:6], b"", pause_s=honeywell.STALL_S + 0.1)
    script.add("usable after half a command", query, query_reply)
    script.add("garbage is dropped", bytes(range(0x80, 0xC0)), b"")
    script.add("garbage before a command", b"\x00\xff\x55\xaa" + query, query_reply)

    rate = scanner.line.baud
    elsewhere = 57600 if rate != 57600 else 38400
    there, back = (f"{Setting.BAUD}{honeywell.BAUD_RATES.index(baud)}" for baud in (elsewhere, rate))
    there_reply, back_reply = f"{there}\x06!".encode(), f"{back}\x06!".encode()
    script.add_rate("another line rate", honeywell.command(there, stored=False), there_reply, elsewhere)
    script.add("query at the other rate", query, query_reply)
    script.add_rate("back to the first rate", honeywell.command(back, stored=False), back_reply, rate)
    script.add_mismatch("wrong line rate at the host", query, query_reply, wrong=9600 if rate != 9600 else 19200)
    script.add_break("break, then a query", query, query_reply)
    script.add("settings as before", long_query, long_reply)
    return script
