"""Driver for scan engines of the GM65 family. Tried on: the project's emulator; no hardware yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rigs.drivers.exchanges import Script
from rigs.drivers.keepsake import Keepsake
from rigs.drivers.serial_scanner import SerialScanner
from rigs.protocols import gm65
from rigs.roles import DeviceIdentity, Exchange


def _kept(value: str) -> tuple[bytes, ...]:
    return gm65.write_command(gm65.Register.SAME_CODE_DELAY, bytes.fromhex(value)), gm65.SAVE_COMMAND


def _registers_back(settings: Mapping[str, str]) -> tuple[bytes, ...]:
    """Registers the driver sets up and the keepsake, as they were, and stored."""
    changed = (gm65.Register.MODE, gm65.Register.READ_TIMEOUT, gm65.Register.SAME_CODE_DELAY)
    writes = [
        gm65.write_command(address, bytes.fromhex(settings[f"{address:04X}"]))
        for address in changed
        if f"{address:04X}" in settings
    ]
    return *writes, gm65.SAVE_COMMAND


class Gm65Scanner(SerialScanner):
    """A GM65-family engine on a serial line."""

    configuration_codes = tuple(gm65.SETTING_CODES)
    keepsake = Keepsake(
        name=f"{gm65.Register.SAME_CODE_DELAY:04X}",
        values=("85", "8A", "94"),
        frames=_kept,
        back=_registers_back,
        stores_all=True,
    )

    def identify(self) -> DeviceIdentity:
        """Hardware and firmware version; vendor, model and serial are on the label only."""
        return DeviceIdentity(
            hardware=_version(self._registers(gm65.Register.HARDWARE_VERSION, 1)),
            firmware=_version(self._registers(gm65.Register.SOFTWARE_VERSION, 1)),
        )

    def settings(self) -> Mapping[str, str]:
        """The setting registers 0x0000 … 0x002B, the trigger register left out; fewer where a device knows fewer.

        Raises:
            RigError: the device does not answer at all.
        """
        block = self._registers(0x0000, 0x2C)
        if block is not None:
            return {f"{address:04X}": f"{value:02X}" for address, value in enumerate(block) if address != 2}
        if not self.answers():
            raise self.silent()
        return {
            f"{address:04X}": found.hex()
            for address in (gm65.Register.MODE, gm65.Register.READ_TIMEOUT, gm65.Register.SAME_CODE_DELAY)
            if (found := self._registers(address, 1)) is not None
        }

    def answers(self) -> bool:
        """Whether the mode register can be read, or at least the stop command is confirmed."""
        return self._registers(gm65.Register.MODE, 1) is not None or self.ask(gm65.STOP_COMMAND) is not None

    def exchanges(self) -> list[Callable[[], Exchange]]:
        """Forty exchanges on framing, checksum, split and glued writes, line rates, break and garbage."""
        return _script(self).exchanges()

    def _set_up(self) -> None:
        mode = gm65.MODE_COMMAND if self.mode == "command" else gm65.MODE_SENSING
        found = self._registers(gm65.Register.MODE, 1)
        kept = (found[0] if found else 0xD4) & 0xFC
        if not self._told(gm65.Register.MODE, kept | mode):
            raise self.silent()
        self._told(gm65.Register.READ_TIMEOUT, min(255, max(1, round(self.read_timeout_s * 10))))

    def _reply_length(self, buffer: bytes) -> int | None:
        return gm65.reply_length(buffer)

    def _trigger(self) -> bool:
        return self.ask(gm65.TRIGGER_COMMAND) is not None

    def _stop(self) -> None:
        self.ask(gm65.STOP_COMMAND, timeout_s=0.1)

    def _registers(self, address: int, count: int) -> bytes | None:
        answer = self._asked_twice(gm65.read_command(address, count))
        return None if answer is None else answer[4:-2]

    def _told(self, address: int, value: int) -> bool:
        return self._asked_twice(gm65.write_command(address, bytes((value,)))) is not None

    def _asked_twice(self, frame: bytes) -> bytes | None:
        return self.ask(frame) or self.ask(frame)


def _version(registers: bytes | None) -> str | None:
    return f"V{registers[0] / 100:.2f}" if registers and registers[0] else None


def _known(scanner: Gm65Scanner, frame: bytes) -> bytes:
    """An answer the script compares later ones with; a device that does not give it at all gets an empty one to match
    nothing."""
    return scanner.ask(frame) or scanner.ask(frame) or gm65.reply(b"")


def _script(scanner: Gm65Scanner) -> Script:
    """Forty exchanges after the manual; the device's settings are as before when the last one is done."""
    script = Script(scanner)
    ack = gm65.ACKNOWLEDGE
    mode = gm65.read_command(gm65.Register.MODE, 1)
    mode_reply = _known(scanner, mode)
    version = gm65.read_command(gm65.Register.SOFTWARE_VERSION, 1)
    version_reply = _known(scanner, version)
    timeout = gm65.write_command(gm65.Register.READ_TIMEOUT, bytes((max(1, round(scanner.read_timeout_s * 10)),)))
    same_code_delay = _known(scanner, gm65.read_command(gm65.Register.SAME_CODE_DELAY, 1))[4:5]
    wrong_crc = mode[:-1] + bytes((mode[-1] ^ 0x01,))

    for size in (1, 2, 3, 4, 5, 6, 8, 16, 32, 64):
        script.add(f"read split into writes of {size} bytes", mode, mode_reply, split=size)
    for checked in (True, False):
        word = "CRC" if checked else "unchecked"
        script.add(f"read, {word}", gm65.read_command(gm65.Register.MODE, 1, checked=checked), mode_reply)
        script.add(
            f"version, {word}", gm65.read_command(gm65.Register.SOFTWARE_VERSION, 1, checked=checked), version_reply
        )
        script.add(f"write, {word}", gm65.write_command(gm65.Register.SAME_CODE_DELAY, b"\x85", checked=checked), ack)
        script.add(
            f"write read back, {word}",
            gm65.read_command(gm65.Register.SAME_CODE_DELAY, 1, checked=checked),
            gm65.reply(b"\x85"),
        )
    script.add("two registers in one read", gm65.read_command(gm65.Register.BAUD, 2), None, length=8)
    script.add("save", gm65.SAVE_COMMAND, ack)
    script.add("write of the reading time", timeout, ack)
    script.add("read then version, glued", mode + version, mode_reply + version_reply)
    script.add("three reads, glued", mode * 3, mode_reply * 3)
    script.add("stop while idle", gm65.STOP_COMMAND, ack)

    script.add("wrong CRC is dropped", wrong_crc, b"")
    script.add("usable after a wrong CRC", mode, mode_reply)
    script.add("unknown type is dropped", gm65.command(0x55, 0x0000, b"\x01"), b"")
    script.add("usable after an unknown type", mode, mode_reply)
    script.add("half a frame is dropped", mode[:5], b"", pause_s=gm65.STALL_S + 0.1)
    script.add("usable after half a frame", mode, mode_reply)
    script.add("garbage is dropped", bytes(range(0x80, 0xC0)), b"")
    script.add("garbage before a frame", b"\x00\xff\x55\xaa" + mode, mode_reply)
    script.add("frame after a stall", mode[:4], b"", pause_s=gm65.STALL_S + 0.1)
    script.add("usable after the stall", version, version_reply)

    rate = scanner.line.baud
    other = 57600 if rate != 57600 else 38400
    script.add_rate("another line rate", gm65.write_command(gm65.Register.BAUD, gm65.baud_value(other)), ack, other)
    script.add("read at the other rate", mode, mode_reply)
    script.add_rate("back to the first rate", gm65.write_command(gm65.Register.BAUD, gm65.baud_value(rate)), ack, rate)
    script.add_mismatch("wrong line rate at the host", mode, mode_reply, wrong=9600 if rate != 9600 else 19200)
    script.add_break("break, then a read", mode, mode_reply)
    script.add("settings as before", gm65.write_command(gm65.Register.SAME_CODE_DELAY, same_code_delay), ack)
    return script
