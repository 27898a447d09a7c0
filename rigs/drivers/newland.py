"""Driver for Newland engines with unified commands. Tried on: the project's emulator; no hardware yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from rigs.drivers.exchanges import Script
from rigs.drivers.keepsake import Keepsake
from rigs.drivers.serial_scanner import SILENCE_S, SerialScanner
from rigs.protocols import newland, newland_legacy
from rigs.protocols.newland import Setting
from rigs.roles import DeviceIdentity, Exchange

_LISTED = (
    *(Setting.SCAN_MODE, Setting.READ_TIMEOUT, Setting.REREAD, Setting.REREAD_DELAY, Setting.BEEPER),
    *(Setting.CODE_11, Setting.CODE_11_SHORTEST, Setting.CODE_11_LONGEST, Setting.CODE_128),
    *(Setting.QR, Setting.QR_SHORTEST, Setting.QR_LONGEST, Setting.PDF417),
    *(Setting.SUFFIX_ON, Setting.SUFFIX, Setting.TERMINATOR_ON, Setting.TERMINATOR, Setting.BAUD),
)
_LONGEST_READING_MS = 3_600_000
_PRODUCT_S = 2.0
"""A product information of several hundred characters takes this long on the slowest line, s."""
_PROBE_S = 0.2
"""How long an engine that does not know the older command set is waited for, s."""


def _stored(value: str) -> tuple[bytes, ...]:
    return (newland.command(f"{Setting.REREAD_DELAY}{value}", stored=True),)


class NewlandScanner(SerialScanner):
    """A Newland engine on a serial line, in trigger mode or sensing mode, its codes ended by CR.

    Everything is set temporarily: the engine's stored configuration stays as it was found.
    """

    configuration_codes = newland.SETTING_CODES
    keepsake = Keepsake(
        name=Setting.REREAD_DELAY,
        values=("1600", "1700", "1800"),
        frames=_stored,
        back=lambda settings: _stored(settings[Setting.REREAD_DELAY]),
    )

    def identify(self) -> DeviceIdentity:
        """Model, serial, hardware and firmware; an engine does not tell its vendor.

        Raises:
            RigError: the device has not answered for ``SILENCE_S``.
        """
        said = newland.product_lines(self._insist(newland.command(Setting.PRODUCT, stored=True), _PRODUCT_S))
        return DeviceIdentity(
            model=said.get("product name"),
            serial=said.get("serial number"),
            hardware=said.get("hardware version"),
            firmware=said.get("firmware version"),
        )

    def settings(self) -> Mapping[str, str]:
        """The settings in force, without those the engine does not have.

        Raises:
            RigError: the device has not answered for ``SILENCE_S``.
        """
        query = newland.command(";".join(f"{name}*" for name in _LISTED))
        found = zip(_LISTED, newland.answers(self._insist(query, 1.0)), strict=True)
        return {str(name): text.removeprefix(name) for name, (text, status) in found if status == newland.DONE}

    def exchanges(self) -> list[Callable[[], Exchange]]:
        """Forty exchanges on queries, settings, refusals, split and glued writes, line rates, break and garbage.

        Six of them are in the older command set where the engine speaks it.
        """
        return _script(self).exchanges()

    def answers(self) -> bool:
        """Whether the time limit of a reading can be asked for."""
        return self.ask(newland.command(f"{Setting.READ_TIMEOUT}*")) is not None

    def ask(self, frame: bytes, timeout_s: float = 0.5) -> bytes | None:
        """Send a command and return the reply, or None when the device stays silent.

        A late reply to another command is not taken for this one's.
        """
        self._replies.clear()
        self.line.write(frame)
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            self._pump(left)
            while self._replies:
                answer, _ = self._replies.popleft()
                if newland.answers_to(answer, frame):
                    return answer
        self._discard()
        return None

    def _set_up(self) -> None:
        self._discard()
        timeout_ms = min(_LONGEST_READING_MS, max(1, round(self.read_timeout_s * 1000)))
        mode = newland.MODE_TRIGGER if self.mode == "command" else newland.MODE_SENSING
        ending = f"{Setting.SUFFIX_ON}0;{Setting.TERMINATOR_ON}1;{Setting.TERMINATOR}0D"
        for wanted in (f"{Setting.SCAN_MODE}{mode}", f"{Setting.READ_TIMEOUT}{timeout_ms}", ending):
            frame = newland.command(wanted)
            answer = self.ask(frame) or self.ask(frame)
            if answer is None:
                raise self.silent()
            if not _agreed(answer):
                raise self.refused(wanted)

    def _reply_length(self, buffer: bytes) -> int | None:
        return newland.reply_length(buffer)

    def _trigger(self) -> bool:
        answer = self.ask(newland.TRIGGER_COMMAND)
        return answer is not None and _agreed(answer)

    def _stop(self) -> None:
        self.ask(newland.STOP_COMMAND, timeout_s=0.1)

    def _insist(self, frame: bytes, timeout_s: float) -> bytes:
        """Ask until the device answers."""
        deadline = time.monotonic() + SILENCE_S
        while (answer := self.ask(frame, timeout_s)) is None:
            if time.monotonic() > deadline:
                raise self.silent()
        return answer


def _agreed(answer: bytes) -> bool:
    return all(status == newland.DONE for _, status in newland.answers(answer))


def _told(body: str, *, stored: bool = False) -> bytes:
    return newland.reply(newland.STORED if stored else newland.TEMPORARY, body.encode())


def _script(scanner: NewlandScanner) -> Script:
    """Forty exchanges after the manuals; the device's settings are as before when the last one is done."""
    script = Script(scanner)
    before = scanner.settings()
    shown = before.get(Setting.CODE_11, "0")
    other = "0" if shown == "1" else "1"
    query, query_reply = newland.command("C11ENA*"), _told(f"C11ENA{shown}\x06;")
    many = newland.command("C11ENA*,MIN*,MAX*;128ENA*;QRCENA*,MIN*,MAX*;PDFENA*;RRDENA*,DUR*;GRBENA*;ORTSET*")
    many_reply = scanner.ask(many) or query_reply
    if newland.answers(many_reply)[:1] != newland.answers(query_reply):
        many_reply = query_reply  # a refusal must not become what the device is measured by
    product = newland.command(Setting.PRODUCT, stored=True)
    product_reply = scanner.ask(product, _PRODUCT_S) or _told("QRYSYS\x06;", stored=True)
    legacy_reply = _legacy_information(scanner)

    def change(name: str, text: str, expect: str, *, stored: bool = False) -> None:
        script.add(name, newland.command(text, stored=stored), _told(expect, stored=stored))

    for size in (1, 2, 3, 4, 5, 6, 8, 16, 32, 64):
        script.add(f"eleven queries split into writes of {size} bytes", many, many_reply, split=size)
    script.add("query", query, query_reply)
    change("default", "C11ENA&", "C11ENA0\x06;")
    change("range of a switch", "C11ENA^", "C11ENA0-1\x06;")
    script.add("product information", product, product_reply)

    change("temporary setting", f"C11ENA{other}", f"C11ENA{other}\x06;")
    change("temporary setting read back", "C11ENA*", f"C11ENA{other}\x06;")
    change("several settings of one tag", "C11ENA1,MIN12,MAX22", "C11ENA1\x06,MIN12\x06,MAX22\x06;")
    change("settings of several tags", "C11ENA1;QRCENA1", "C11ENA1\x06;QRCENA1\x06;")
    change("stored setting", f"C11ENA{shown}", f"C11ENA{shown}\x06;", stored=True)

    change("unknown tag is refused", "XYZABC1", "XYZABC1\x05;")
    change("small letters are refused", "c11ena1", "c11ena1\x05;")
    change("switch out of range is refused", "C11ENA9", "C11ENA9\x15;")
    change(
        "three settings, three statuses",
        f"C11ENA{shown};XYZABC1;C11ENA9",
        f"C11ENA{shown}\x06;XYZABC1\x05;C11ENA9\x15;",
    )

    stop_reply = _told("SCNTRG0\x06;")
    script.add("stop while idle", newland.STOP_COMMAND, stop_reply)
    script.add("two queries, glued", query * 2, query_reply * 2)
    glued = query + newland.STOP_COMMAND + query
    script.add("stop between queries, glued", glued, query_reply + stop_reply + query_reply)
    script.add("half a command is dropped", query[:9], b"", pause_s=newland.STALL_S + 0.1)
    script.add("garbage before a command", b"\x00\xff\x55\xaa" + query, query_reply)
    if legacy_reply is None:
        _add_more(script, change, query, query_reply)
    else:
        _add_legacy(script, legacy_reply)

    rate = scanner.line.baud
    elsewhere = 57600 if rate != 57600 else 38400
    there, back = (f"{Setting.BAUD}{newland.BAUD_RATES.index(baud)}" for baud in (elsewhere, rate))
    script.add_rate("another line rate", newland.command(there), _told(f"{there}\x06;"), elsewhere)
    script.add("query at the other rate", query, query_reply)
    script.add_rate("back to the first rate", newland.command(back), _told(f"{back}\x06;"), rate)
    script.add_mismatch("wrong line rate at the host", query, query_reply, wrong=9600 if rate != 9600 else 19200)
    script.add_break("break, then a query", query, query_reply)
    lengths = ",".join(
        f"{name[3:]}{before.get(name, 1)}" for name in (Setting.CODE_11_SHORTEST, Setting.CODE_11_LONGEST)
    )
    change("settings as before", f"C11{lengths}", f"C11{lengths}\x06;".replace(",", "\x06,"))
    return script


def _add_more(script: Script, change: Callable[[str, str, str], None], query: bytes, query_reply: bytes) -> None:
    """Six more exchanges in unified commands."""
    change("range of a number", "ORTSET^", f"ORTSET0-{_LONGEST_READING_MS}\x06;")
    change("unknown subtag is refused", "C11XYZ1", "C11XYZ1\x05;")
    change("number out of range is refused", "ORTSET3600001", "ORTSET3600001\x15;")
    change("query of an action is refused", "SCNTRG*", "SCNTRG*\x15;")
    script.add("usable after half a command", query, query_reply)
    script.add("garbage is dropped", bytes(range(0x80, 0xC0)), b"")


def _add_legacy(script: Script, information: bytes) -> None:
    """Six exchanges in the older command set; the engine is out of its configuration state afterwards."""
    example, unknown = newland_legacy.EXAMPLE, newland_legacy.UNKNOWN_EXAMPLE
    script.add("older set: state entered", newland_legacy.ENTER, newland_legacy.ENTERED)
    script.add("older set: code carried out", newland_legacy.command(example), newland_legacy.done(example))
    script.add("older set: code refused", newland_legacy.command(unknown), newland_legacy.refused(unknown))
    script.add("older set: information", newland_legacy.command(newland_legacy.INFORMATION), information)
    script.add("older set: state left", newland_legacy.LEAVE, newland_legacy.LEFT)
    script.add(
        "older set: state left by itself",
        newland_legacy.ENTER,
        newland_legacy.ENTERED + newland_legacy.LEFT,
        pause_s=newland_legacy.LEAVES_AFTER_S + 0.3,
    )


def _legacy_information(scanner: NewlandScanner) -> bytes | None:
    """The engine's information in the older command set, None when it does not speak that.

    One whose CRC is wrong is replaced by one that nothing it sends can equal.
    """
    if _heard(scanner, newland_legacy.ENTER) != newland_legacy.ENTERED:
        return None
    code = newland_legacy.INFORMATION
    heard = _heard(scanner, newland_legacy.command(code))
    _heard(scanner, newland_legacy.LEAVE)
    text = newland_legacy.information_text(heard.removeprefix(newland_legacy.done(code)))
    return newland_legacy.done(code) + newland_legacy.information(text or b"information with its CRC")


def _heard(scanner: NewlandScanner, frame: bytes) -> bytes:
    scanner.line.write(frame)
    return scanner.drain(_PROBE_S)
