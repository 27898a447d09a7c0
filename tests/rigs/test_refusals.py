"""Engines that answer and do not obey: a refused set-up is told, and no script measures a device by its own refusal."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import cast

import pytest

from rigs.drivers.honeywell import HoneywellScanner
from rigs.drivers.m3y import M3yScanner
from rigs.drivers.newland import NewlandScanner
from rigs.drivers.serial_scanner import SerialScanner
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.protocols import honeywell, m3y, newland
from rigs.roles import Exchange
from rigs.serial_line import Chunk, SerialLine

Engine = Callable[[bytes], bytes]


class Line:
    """A line whose far end answers every write at once."""

    url, channel, baud = "/dev/ttyACM0", "scanner", 9600

    def __init__(self, engine: Engine) -> None:
        self.journal = Journal(None)
        self.engine = engine
        self._said: deque[bytes] = deque()

    def write(self, data: bytes) -> int:
        self._said.append(self.engine(data))
        return 1

    def read(self, timeout_s: float) -> Chunk | None:
        if self._said and (said := self._said.popleft()):
            return Chunk(said, time.monotonic_ns())
        return None

    def record(self, data: bytes, t_ns: int) -> int:
        return self.journal.wire("scanner", "rx", data, t_ns)


def scanner(driver: type[SerialScanner], engine: Engine) -> SerialScanner:
    return driver(cast("SerialLine", Line(engine)), read_timeout_s=2.0, mode="command")


def m3y_engine(*refused: str) -> Engine:
    def answer(frame: bytes) -> bytes:
        body = m3y.body_of(frame).decode()
        if body.startswith(refused):
            return m3y.REFUSAL
        return m3y.reply(b"V1.23\r\n") if body == m3y.Body.VERSION else m3y.ACKNOWLEDGE

    return answer


def newland_engine(*refused: str) -> Engine:
    def answer(frame: bytes) -> bytes:
        at = len(newland.PREFIX)
        said = b""
        for entry in newland.parse_menu(frame[at : at + 1], frame[at + 1 : -1]).entries:
            value = b"1" if entry.query else b""
            said += entry.echo + (newland.OUT_OF_RANGE if entry.name in refused else value + newland.DONE) + entry.mark
        return newland.reply(frame[at : at + 1], said)

    return answer


def honeywell_engine(*refused: str) -> Engine:
    def answer(frame: bytes) -> bytes:
        if not frame.startswith(honeywell.MENU):
            return b""
        said = b""
        for entry in honeywell.parse_menu(frame[len(honeywell.MENU) :]).entries:
            value = b"1" if entry.query else b""
            said += entry.echo + (honeywell.BAD_TAG if entry.name in refused else value + honeywell.DONE) + entry.mark
        return said

    return answer


@pytest.mark.parametrize(
    ("driver", "engine", "setting"),
    [
        (M3yScanner, m3y_engine, "S_CMD_020D"),
        (M3yScanner, m3y_engine, "S_CMD_059D"),
        (NewlandScanner, newland_engine, "SCNMOD"),
        (NewlandScanner, newland_engine, "TSUENA"),
        (HoneywellScanner, honeywell_engine, "PAPHHF"),
        (HoneywellScanner, honeywell_engine, "TRGSTO"),
    ],
)
def test_an_engine_that_refuses_its_set_up_is_told_as_such(driver, engine, setting: str) -> None:
    scanner(driver, engine())
    with pytest.raises(RigError, match=f"refuses .*{setting}") as caught:
        scanner(driver, engine(setting))
    assert "locked" in caught.value.remedy


@pytest.mark.parametrize(
    ("driver", "engine", "trigger"), [(M3yScanner, m3y_engine, "SR030301"), (NewlandScanner, newland_engine, "SCNTRG")]
)
def test_a_refused_trigger_starts_no_reading(driver, engine, trigger: str) -> None:
    assert scanner(driver, engine())._trigger()
    assert not scanner(driver, engine(trigger))._trigger()


def first_exchange(engine: SerialScanner) -> Exchange:
    return engine.exchanges()[0]()


def test_an_engine_that_hides_its_version_is_asked_what_has_one_right_answer() -> None:
    assert first_exchange(scanner(M3yScanner, m3y_engine())).expected == m3y.reply(b"V1.23\r\n").hex()
    assert first_exchange(scanner(M3yScanner, m3y_engine("T_OUT_CVER"))).expected == m3y.ACKNOWLEDGE.hex()


@pytest.mark.parametrize(
    ("driver", "engine", "tag"),
    [(NewlandScanner, newland_engine, "C11ENA"), (HoneywellScanner, honeywell_engine, "CBRENA")],
)
def test_a_refused_query_is_not_what_the_device_is_measured_by(driver, engine, tag: str) -> None:
    for refused, seen in (((), True), ((tag,), False)):
        device = scanner(driver, engine(*refused))
        wanted = bytes.fromhex(first_exchange(device).expected)
        assert (wanted.count(b"\x06") > 1) == seen
        assert b"\x05" not in wanted
        assert b"\x15" not in wanted
