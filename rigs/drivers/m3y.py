"""Driver for scan engines of the M3Y family. Tried on: the project's emulator; no hardware yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rigs.drivers.exchanges import Script
from rigs.drivers.serial_scanner import SerialScanner
from rigs.protocols import m3y
from rigs.protocols.m3y import Body
from rigs.roles import DeviceIdentity, Exchange

_LONGEST_READING_MS = 9999


class M3yScanner(SerialScanner):
    """An M3Y engine on a serial line.

    An engine keeps every setting at once, so mode, ending and duration of a reading stay as the driver sets them.
    """

    configuration_codes = m3y.SETTING_CODES

    def identify(self) -> DeviceIdentity:
        """Firmware; vendor, model, serial and hardware are on the label only."""
        said = self._asked(Body.VERSION)
        known = said is not None and said not in (m3y.DONE, m3y.REFUSED)
        return DeviceIdentity(firmware=said.decode("latin-1").strip() if said is not None and known else None)

    def settings(self) -> Mapping[str, str]:
        """Nothing: no command is known that reads them back."""
        return {}

    def answers(self) -> bool:
        """Whether the version can be asked for, told or not."""
        return self.ask(m3y.command(Body.VERSION)) is not None

    def exchanges(self) -> list[Callable[[], Exchange]]:
        """Forty exchanges on framing, check, split and glued writes, refusals, line rates, break and garbage."""
        return _script(self).exchanges()

    def _set_up(self) -> None:
        timeout_ms = min(_LONGEST_READING_MS, max(1, round(self.read_timeout_s * 1000)))
        mode = Body.COMMAND_MODE if self.mode == "command" else Body.CONTINUOUS_MODE
        wanted = (m3y.command(mode), m3y.command(Body.ENDING_CR), m3y.command(Body.READ_TIMEOUT, timeout_ms))
        for frame in wanted:
            answer = self.ask(frame) or self.ask(frame)
            if answer is None:
                raise self.silent()
            if answer != m3y.ACKNOWLEDGE:
                raise self.refused(m3y.body_of(frame).decode())

    def _reply_length(self, buffer: bytes) -> int | None:
        return m3y.reply_length(buffer)

    def _trigger(self) -> bool:
        return self.ask(m3y.command(Body.START)) == m3y.ACKNOWLEDGE

    def _stop(self) -> None:
        self.ask(m3y.command(Body.STOP), timeout_s=0.1)

    def _asked(self, body: Body) -> bytes | None:
        frame = m3y.command(body)
        answer = self.ask(frame) or self.ask(frame)
        return None if answer is None else m3y.body_of(answer)


def _question(scanner: M3yScanner) -> tuple[str, bytes, bytes]:
    """What the script asks over and over: its name, its frame, and every byte of the answer.

    That is the version, which only the device knows. A device that refuses it is asked for what has one right answer:
    a refusal must not become what it is measured by.
    """
    version = m3y.command(Body.VERSION)
    told = scanner.ask(version) or scanner.ask(version)
    if told is None or told in (m3y.ACKNOWLEDGE, m3y.REFUSAL):
        return "stop", m3y.command(Body.STOP), m3y.ACKNOWLEDGE
    return "version", version, told


def _script(scanner: M3yScanner) -> Script:
    """Forty exchanges; what an engine may be asked to change is as before when the last one is done."""
    script = Script(scanner)
    done, refused = m3y.ACKNOWLEDGE, m3y.REFUSAL
    stop = m3y.command(Body.STOP)
    asked, question, told = _question(scanner)
    wrong_check = question[:-2] + bytes((question[-2] ^ 0x01,)) + question[-1:]

    for size in (1, 2, 3, 4, 5, 6, 8, 16, 32, 64):
        script.add(f"{asked} split into writes of {size} bytes", question, told, split=size)
    script.add(asked, question, told)
    script.add("stop while idle", stop, done)
    for name, body in (
        ("command mode", Body.COMMAND_MODE),
        ("ending CR LF", Body.ENDING_CRLF),
        ("ending CR", Body.ENDING_CR),
        ("aimer as needed", Body.AIMER_AUTO),
        ("light as needed", Body.LIGHT_AUTO),
        ("setting codes refused", Body.CODES_REFUSED),
    ):
        script.add(name, m3y.command(body), done)
    script.add("duration of a reading", m3y.command(Body.READ_TIMEOUT, 1234), done)
    script.add("unknown command is refused", m3y.command("S_CMD_ZZZZ"), refused)
    script.add("number missing is refused", m3y.command(Body.READ_TIMEOUT), refused)
    script.add("empty body is refused", m3y.command(""), refused)
    script.add(f"{asked} twice, glued", question * 2, told * 2)
    script.add(f"stop and {asked}, glued", stop + question, done + told)
    script.add(f"refusal and {asked}, glued", m3y.command("S_CMD_ZZZZ") + question, refused + told)

    script.add("wrong check is dropped", wrong_check, b"")
    script.add("usable after a wrong check", question, told)
    script.add("wrong tail is dropped", question[:-1] + b"\x5b", b"")
    script.add("usable after a wrong tail", question, told)
    script.add("half a frame is dropped", question[:7], b"", pause_s=m3y.STALL_S + 0.1)
    script.add("usable after half a frame", question, told)
    script.add("a frame from an engine is dropped", done, b"")
    script.add("garbage is dropped", bytes(range(0x80, 0xA5)), b"")
    script.add("garbage before a frame", b"\x00\xff\x55\xaa" + question, told)

    rate = scanner.line.baud
    other = 19200 if rate != 19200 else 38400
    script.add_rate("another line rate", m3y.command(Body.BAUD, other), done, other)
    script.add(f"{asked} at the other rate", question, told)
    script.add_rate("back to the first rate", m3y.command(Body.BAUD, rate), done, rate)
    script.add_mismatch("wrong line rate at the host", question, told, wrong=9600 if rate != 9600 else 38400)
    script.add_break(f"break, then {asked}", question, told)
    timeout_ms = min(_LONGEST_READING_MS, round(scanner.read_timeout_s * 1000))
    script.add("duration as before", m3y.command(Body.READ_TIMEOUT, timeout_ms), done)
    return script
