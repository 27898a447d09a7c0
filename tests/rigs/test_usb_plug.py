"""The USB connection: an emulated plug on real pseudo-terminals, names of ports, commands of a machine, a person."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import serial
from pydantic import ValidationError

from rigs.bench_tables.usb import UsbTable
from rigs.drivers.usb import CommandUsbPort, EmulatedUsbPort, OperatorUsbPort, UsbCommands
from rigs.emulators.behaviour import Behaviour
from rigs.emulators.defects.usb import DeadAfterSleep, LostAfterReplug, RenamesItsPort
from rigs.emulators.obeying import Obeying
from rigs.emulators.plugged_port import LINK, PluggedPort, UsbHabits
from rigs.emulators.pty_port import PtyPort
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.usb_names import PortNames


@pytest.fixture
def names(tmp_path: Path) -> Path:
    folder = tmp_path / "by-id"
    folder.mkdir()
    return folder


@pytest.fixture
def plugged(names):
    ports = []

    def make(habits: UsbHabits | None = None) -> PluggedPort:
        ports.append(PluggedPort(lambda: PtyPort(115200, "usb"), names, habits or UsbHabits()))
        return ports[-1]

    yield make
    for port in ports:
        port.close()


def heard(port: PluggedPort, seconds: float = 2.0) -> bytes:
    deadline, data = time.monotonic() + seconds, b""
    while not data and time.monotonic() < deadline:
        data = port.read(0.05)
    return data


def test_a_pulled_plug_takes_the_port_away_and_another_comes_back_behind_the_same_name(plugged, names):
    port = plugged()
    before = os.path.realpath(port.url)
    with serial.Serial(port.url, timeout=1) as host:
        port.unplug()
        assert not (names / LINK).is_symlink()
        with pytest.raises(serial.SerialException):
            host.read(1)
        port.send(b"into the void")
        assert port.plug()
        assert os.path.realpath(port.url) != before
    with serial.Serial(port.url, timeout=2) as host:
        host.write(b"ping")
        assert heard(port) == b"ping"
        port.send(b"pong")
        assert host.read(4) == b"pong"


def test_a_sleeping_host_keeps_its_port_and_hears_nothing_until_it_wakes(plugged):
    port = plugged()
    with serial.Serial(port.url, timeout=0.3) as host:
        port.suspend()
        host.write(b"anybody")
        port.send(b"nobody")
        assert (heard(port, 0.3), host.read(6)) == (b"", b"")
        port.resume()
        host.write(b"awake")
        assert heard(port) == b"awake"
        port.send(b"yes")
        assert host.read(3) == b"yes"


def test_each_defect_of_the_plug_shows_itself(plugged, names):
    lost = plugged(LostAfterReplug())
    came_back = []
    for _ in range(14):
        lost.unplug()
        came_back.append(lost.plug())
    assert came_back.count(False) == 2
    lost.close()

    renamed = plugged(RenamesItsPort())
    for _ in range(4):
        renamed.unplug()
        renamed.plug()
    assert [entry.name for entry in names.iterdir()] != [LINK]
    renamed.close()

    deaf = plugged(DeadAfterSleep())
    with serial.Serial(deaf.url) as host:
        for _ in range(6):
            deaf.suspend()
            deaf.resume()
        host.write(b"hello")
        assert heard(deaf, 0.3) == b""


def test_the_emulator_does_what_a_hand_does_and_says_so(plugged):
    class Supply:
        on = True

        def power(self, on: bool) -> None:
            self.on = on

    supply, behaviour, port = Supply(), Behaviour(), plugged(LostAfterReplug())
    hand = Obeying(supply, behaviour, port)
    assert (hand.do("unplug"), supply.on) == ("done", False)
    assert (hand.do("plug"), supply.on) == ("done", True)
    for _ in range(4):
        assert (hand.do("unplug"), hand.do("plug")) == ("done", "done")
    assert (hand.do("unplug"), hand.do("plug"), supply.on) == ("done", "absent", False)
    assert (hand.do("frame-ms 20"), behaviour.frame_s) == ("done", 0.02)
    assert hand.do("dance") == "not understood: dance"
    assert Obeying(supply, behaviour, None).do("unplug") == "no USB line: unplug"


def test_a_port_is_known_again_by_its_name_by_a_rule_or_not_at_all(names):
    mine, other = names / "usb-Acme_Q30_0001-if00", names / "usb-Else_0002-if00"
    other.touch()
    known = PortNames(mine, r"usb-Acme_Q30_\d{4}-if0\d")
    mine.touch()
    assert (known.now(), known.named(str(mine))) == (str(mine), "same")
    assert not known.look_without_it()
    mine.unlink()
    assert known.look_without_it()
    assert known.now() is None
    ruled = names / "usb-Acme_Q30_0007-if00"
    ruled.touch()
    assert (known.now(), known.named(str(ruled))) == (str(ruled), "documented_rule")
    ruled.unlink()
    strange = names / "usb-Acme_boot-if00"
    strange.touch()
    assert (known.now(), known.named(str(strange))) == (str(strange), "changed")
    assert PortNames(mine, None).named(str(ruled)) == "changed"


def test_a_folder_of_names_that_went_away_with_its_last_device_is_no_error(tmp_path):
    known = PortNames(tmp_path / "gone" / "usb-x", None)
    assert known.look_without_it()
    assert known.now() is None


def switched_hub(folder: Path, **commands: str) -> CommandUsbPort:
    port = folder / "port"
    told = {"unplug": f"rm {port}", "plug": f"touch {port}", "suspend": "true", **commands}
    return CommandUsbPort(port, UsbCommands(**told), None, Journal(None))


def test_commands_of_the_machine_switch_the_port(tmp_path):
    usb = switched_hub(tmp_path)
    usb.plug()
    assert usb.port() == str(tmp_path / "port")
    usb.unplug()
    assert usb.port() is None
    before = time.monotonic()
    assert usb.plug().earliest_s >= before
    usb.suspend()
    assert usb.resume().earliest_s >= before


def test_a_plug_is_in_somewhere_between_the_order_and_the_answer(tmp_path):
    """A hub's tool switches first and then takes its time: that time is neither given to the device nor taken."""
    usb = switched_hub(tmp_path, plug=f"sh -c 'touch {tmp_path / 'port'}; sleep 0.3'")
    plugged = usb.plug()
    seen = (tmp_path / "port").stat().st_mtime_ns / 1e9 - time.time() + time.monotonic()
    assert plugged.earliest_s <= seen + 0.05
    assert plugged.latest_s - seen > 0.25
    assert plugged.seconds_to(plugged.latest_s + 1)[1] > 0.125


@pytest.mark.parametrize(
    ("commands", "said"),
    [
        ({"plug": "false"}, "the command to plug failed (exit 1)"),
        ({"plug": "ls /no/such/place"}, "No such file"),
        ({"plug": "no-such-program-here"}, "No such file or directory: 'no-such-program-here'"),
        ({"plug": "'"}, "the command to plug failed (No closing quotation)"),
    ],
)
def test_a_command_that_fails_is_the_bench_at_fault(tmp_path, commands, said):
    with pytest.raises(RigError) as failed:
        switched_hub(tmp_path, **commands).plug()
    assert said in str(failed.value)


def test_a_hub_that_switches_another_port_is_found_out(tmp_path, monkeypatch):
    monkeypatch.setattr("rigs.drivers.usb.GONE_S", 0.1)
    usb = switched_hub(tmp_path, unplug="true")
    usb.plug()
    with pytest.raises(RigError, match="is still there"):
        usb.unplug()


def test_an_emulator_that_does_not_obey_is_no_fault_of_a_device(tmp_path):
    usb = EmulatedUsbPort(tmp_path / "port", lambda order: f"not understood: {order}", None, Journal(None))
    with pytest.raises(RigError, match="did not unplug"):
        usb.unplug()


def test_a_person_is_asked_for_what_no_machine_can_do(tmp_path):
    asked = []

    class Person:
        def ask(self, instruction, answer, **_options):
            del answer
            asked.append(instruction)

    usb = OperatorUsbPort(tmp_path / "port", Person(), None, Journal(None))
    usb.unplug()
    before, plugged = time.monotonic(), usb.plug()
    usb.suspend()
    usb.resume()
    assert plugged.earliest_s == plugged.latest_s > before, "Enter is the moment, however long the person took"
    assert ["拔下" in one.zh or "插回" in one.zh or "休眠" in one.zh for one in asked] == [True] * 3
    assert ["plug" in one.en or "sleep" in one.en for one in asked] == [True] * 3


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"driver": "command", "unplug": "a", "plug": "b"}, "needs the command `suspend`"),
        ({"driver": "operator", "plug": "b"}, "commands go with"),
        ({"driver": "emulated", "name_rule": "("}, "is no regular expression"),
        ({"driver": "magic"}, "emulated"),
    ],
)
def test_a_wrong_table_is_refused_in_words(table, said):
    with pytest.raises(ValidationError, match=said):
        UsbTable(**table)
