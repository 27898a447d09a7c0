"""What a device keeps without supply: a write that is cut, and each driver's setting on the wire of its emulator."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import get_args

import pytest
from emulated import Emulated

from rigs.bench_tables.scanner import UNTOLD, ScannerTable
from rigs.drivers.gm65 import Gm65Scanner
from rigs.drivers.hid_pos import HidPosScanner
from rigs.drivers.honeywell import HoneywellScanner
from rigs.drivers.newland import NewlandScanner
from rigs.drivers.serial_scanner import SerialScanner
from rigs.drivers.ssi import SsiScanner
from rigs.emulators.behaviour import Behaviour
from rigs.emulators.defects.power import CorruptsOnCut, ForgetsSettings
from rigs.emulators.settings_memory import WRITE_S, SettingsMemory
from rigs.instruments.power_supply import ScpiPowerSupply
from rigs.journal import Journal
from rigs.serial_line import SerialLine

FACTORY = {"delay": "10", "mode": "0"}
OLD = FACTORY | {"delay": "20"}
NEW = FACTORY | {"delay": "30"}
DRIVERS: dict[str, type[SerialScanner]] = {
    "gm65": Gm65Scanner,
    "honeywell": HoneywellScanner,
    "newland": NewlandScanner,
    "ssi": SsiScanner,
}


def memory(behaviour: Behaviour) -> SettingsMemory[dict[str, str]]:
    kept = SettingsMemory(FACTORY, behaviour)
    assert kept.write(OLD)
    return kept


def outage(kept: SettingsMemory[dict[str, str]]) -> None:
    kept.power(False)
    kept.power(True)


def torn(kept: SettingsMemory[dict[str, str]]) -> bool:
    """Cut the supply in the middle of a write; whether it was written all the same."""
    written: list[bool] = []
    writing = threading.Thread(target=lambda: written.append(kept.write(NEW)))
    kept.power(False)
    writing.start()
    writing.join(10)
    kept.power(True)
    return written[0]


@pytest.mark.parametrize(
    ("behaviour", "after_an_outage", "after_a_torn_write"),
    [(Behaviour, OLD, OLD), (ForgetsSettings, FACTORY, FACTORY), (CorruptsOnCut, OLD, FACTORY)],
)
def test_settings_outlive_an_outage_and_a_torn_write_or_not(
    behaviour: Callable[[], Behaviour], after_an_outage: dict[str, str], after_a_torn_write: dict[str, str]
) -> None:
    kept = memory(behaviour())
    outage(kept)
    assert kept.read() == after_an_outage
    kept = memory(behaviour())
    assert torn(kept) is False
    assert kept.read() == after_a_torn_write


def test_a_write_takes_its_time_and_is_whole_afterwards() -> None:
    kept = memory(Behaviour())
    begun = time.monotonic()
    assert kept.write(NEW)
    assert time.monotonic() - begun >= WRITE_S
    outage(kept)
    assert kept.read() == NEW


def test_what_is_read_is_a_copy() -> None:
    kept = memory(Behaviour())
    kept.read()["delay"] = "99"
    assert kept.read() == OLD


def test_every_driver_that_tells_its_settings_can_store_one() -> None:
    drivers = set(get_args(ScannerTable.model_fields["driver"].annotation)) - UNTOLD
    assert drivers == {*DRIVERS, "hid-pos"}
    for driver in (*DRIVERS.values(), HidPosScanner):
        assert driver.keepsake is not None
        assert len(set(driver.keepsake.values)) >= 3


@pytest.fixture(scope="module")
def supply():
    process = subprocess.Popen(
        [sys.executable, "-m", "xiangka", "emulate", "power-supply", "--tethered"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        resource, rail = process.stdout.readline().split()
        with Journal(None) as journal, closing(ScpiPowerSupply(resource, journal)) as instrument:
            yield instrument, rail
        process.stdin.close()


@pytest.mark.parametrize("protocol", sorted(DRIVERS))
def test_a_stored_value_outlives_a_cut_and_is_put_back(protocol: str, supply) -> None:
    instrument, rail = supply
    with Journal(None) as journal, Emulated(protocol, "http://127.0.0.1:9/frame", "--rail", rail) as emulator:
        line = SerialLine(emulator.url, 115200, "scanner", journal)
        with closing(DRIVERS[protocol](line, read_timeout_s=2.0, mode="command")) as scanner:
            keepsake = scanner.keepsake
            assert keepsake is not None

            def restarted() -> dict[str, str]:
                instrument.cut()
                scanner.drain(0.05)  # what it said before
                assert not scanner.answers()
                instrument.restore()
                deadline = time.monotonic() + 20
                while not scanner.answers():
                    assert time.monotonic() < deadline
                return dict(scanner.settings())

            found = restarted()
            assert found[keepsake.name] not in keepsake.values
            scanner.reopen()
            for value in keepsake.values[:2]:
                assert scanner.store(keepsake.frames(value))
                assert scanner.settings()[keepsake.name] == value
                assert restarted()[keepsake.name] == value
            assert scanner.store(keepsake.back(found))
            assert restarted() == found
            scanner.begin_storing(keepsake.frames(keepsake.values[0]))
            assert restarted()[keepsake.name] in (found[keepsake.name], keepsake.values[0])
