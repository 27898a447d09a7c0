"""The supply driver against the emulated supply in a process of its own, and against instruments that misbehave."""

from __future__ import annotations

import gc
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import pyvisa

from rigs.emulators.power_supply import PowerSupplyOptions, run_power_supply
from rigs.errors import RigError
from rigs.instruments.power_supply import ScpiPowerSupply
from rigs.journal import Journal

RUN = """
import sys
from rigs.emulators.power_supply import PowerSupplyOptions, run_power_supply
run_power_supply(PowerSupplyOptions(tethered=sys.argv[1] == "tethered"))
"""
IDENTITY = "XIANGKA,EMU-PSU,0001,1.0"


@dataclass
class Emulator:
    process: subprocess.Popen[str]
    resource: str
    rail: tuple[str, int]

    @property
    def port(self) -> int:
        return int(self.resource.split("::")[2])


@contextmanager
def started(*, tethered: bool = False) -> Iterator[Emulator]:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "tethered" if tethered else "free"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            resource, rail = process.stdout.readline().split()
            host, _, port = rail.partition(":")
            yield Emulator(process, resource, (host, int(port)))
        finally:
            process.kill()


@pytest.fixture(scope="module")
def shared() -> Iterator[Emulator]:
    with started() as emulator:
        yield emulator


@pytest.fixture
def emulator(shared: Emulator) -> Emulator:
    """The shared emulator as it was when it started."""
    with visa(shared) as session:
        for command in ("*RST", "*CLS", "OUTP ON"):
            session.write(command)
        assert session.query("*IDN?") == IDENTITY
    return shared


@pytest.fixture
def journal() -> Iterator[Journal]:
    with Journal(None) as journal:
        yield journal


@contextmanager
def visa(emulator: Emulator) -> Iterator[pyvisa.resources.MessageBasedResource]:
    session = pyvisa.ResourceManager("@py").open_resource(emulator.resource)
    session.read_termination = session.write_termination = "\n"
    session.timeout = 500
    with closing(session):
        yield session


@contextmanager
def device_on(rail: tuple[str, int]) -> Iterator[Callable[[], str]]:
    """A device on the rail; gives what reads its next state."""
    with socket.create_connection(rail, timeout=2) as connection, connection.makefile("r") as states:
        yield states.readline


@contextmanager
def instrument(answer: Callable[[str], bytes | None]) -> Iterator[str]:
    """An instrument at the other end of a socket; gives its resource."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with suppress(OSError), connection, connection.makefile("r") as lines:
                for line in lines:
                    if (reply := answer(line.strip())) is not None:
                        connection.sendall(reply)

        threading.Thread(target=serve, daemon=True).start()
        yield f"TCPIP::127.0.0.1::{listener.getsockname()[1]}::SOCKET"


def sound(**replies: bytes) -> Callable[[str], bytes | None]:
    """Answers of an instrument that is sound but for some of them."""
    usual = {"*IDN?": b"ACME,PS1,7,2.1\n", "SYST:ERR?": b'+0,"No error"\n', "VOLT?": b"+5.0E+00\n", "OUTP?": b"1\n"}
    table = usual | {f"{name.replace('_', ':')}?": reply for name, reply in replies.items()}
    return table.get


def complaint(caught: pytest.ExceptionInfo[RigError]) -> str:
    assert caught.value.where == "power"
    assert caught.value.remedy
    return caught.value.what


def test_opens_and_says_who_it_is(emulator: Emulator, journal: Journal) -> None:
    with closing(ScpiPowerSupply(emulator.resource, journal)) as supply:
        assert supply.identity == IDENTITY


def test_rail_follows_a_cycle(emulator: Emulator, journal: Journal) -> None:
    with closing(ScpiPowerSupply(emulator.resource, journal)) as supply, device_on(emulator.rail) as state:
        assert state() == "1\n"
        seen: list[tuple[str, float]] = []
        watch = threading.Thread(target=lambda: seen.extend((state(), time.monotonic()) for _ in range(2)))
        watch.start()
        supply.cycle(off_s=0.2)
        watch.join(2)
    assert [line for line, _ in seen] == ["0\n", "1\n"]
    assert 0.15 <= seen[1][1] - seen[0][1] < 2


def test_current_counts_devices_and_shows_the_inrush(emulator: Emulator, journal: Journal) -> None:
    with closing(ScpiPowerSupply(emulator.resource, journal)) as supply:
        assert supply.current_a() == 0
        time.sleep(0.35)
        with device_on(emulator.rail) as one, device_on(emulator.rail) as other:
            assert (one(), other()) == ("1\n", "1\n")
            assert supply.current_a() == pytest.approx(0.320, abs=0.005)
            supply.cycle(off_s=0)
            inrush = supply.current_a()
            time.sleep(0.35)
            assert inrush > 1.2 * supply.current_a()
            assert supply.current_a() == pytest.approx(0.320, abs=0.005)
        deadline = time.monotonic() + 2
        while supply.current_a() > 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert supply.current_a() == 0


def test_no_current_while_off(emulator: Emulator) -> None:
    with visa(emulator) as session, device_on(emulator.rail) as state:
        assert state() == "1\n"
        session.write("OUTP 0")
        assert state() == "0\n"
        assert float(session.query("MEAS:CURR?")) == 0


def test_a_late_device_learns_the_present_state(emulator: Emulator) -> None:
    with visa(emulator) as session:
        session.write("OUTP OFF")
        assert session.query("OUTP?") == "0"
        with device_on(emulator.rail) as state:
            assert state() == "0\n"
            session.write("OUTP OFF")
            session.write("OUTP 1")
            assert state() == "1\n"


def test_the_output_falls_by_and_by(emulator: Emulator) -> None:
    with visa(emulator) as session:
        assert session.query("MEAS:VOLT?") == "5.000"
        session.write("OUTP OFF")
        deadline = time.monotonic() + 2
        while float(session.query("MEAS:VOLT?")) >= 0.5:
            assert time.monotonic() < deadline


@pytest.mark.parametrize(
    ("setting", "query", "reply"),
    [
        ("volt 12", "VOLTAGE?", "12.000"),
        (":Source:Voltage:Level:Immediate:Amplitude 3.3", "sour:volt:lev:imm:ampl?", "3.300"),
        ("OUTPut:STATe OFF", "outp:stat?", "0"),
        ("outp on", "OUTPUT?", "1"),
        ("*cls", "current?", "3.000"),
        ("VOLT 6", "measure:scalar:voltage:dc?", "6.000"),
        ("*RST", "OUTP?", "0"),
        ("*CLS", "SYSTem:ERRor:NEXT?", '0,"No error"'),
    ],
)
def test_long_and_short_forms(emulator: Emulator, setting: str, query: str, reply: str) -> None:
    with visa(emulator) as session:
        session.write(setting)
        assert session.query(query) == reply
        assert session.query("SYST:ERR?") == '0,"No error"'


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("NONSENSE", -113),
        ("VOLTA?", -113),
        ("MEAS:CUR?", -113),
        ("OUTP", -109),
        ("*RST 1", -108),
        ("OUTP MAYBE", -224),
        ("VOLT five", -104),
        ("VOLT nan", -222),
        ("VOLT 31", -222),
    ],
)
def test_errors_queue_up_and_are_read_oldest_first(emulator: Emulator, message: str, code: int) -> None:
    with visa(emulator) as session:
        for line in (message, "FIRST:OF:MANY"):
            session.write(line)
        codes = [int(session.query("SYST:ERR?").split(",")[0]) for _ in range(3)]
        assert codes == [code, -113, 0]


def test_error_queue_overflows(emulator: Emulator) -> None:
    with visa(emulator) as session:
        for _ in range(40):
            session.write("NONSENSE")
        codes = [int(session.query("SYST:ERR?").split(",")[0]) for _ in range(17)]
    assert codes == [-113] * 15 + [-350, 0]


def test_errors_of_the_instrument_reach_the_caller(emulator: Emulator, journal: Journal) -> None:
    with visa(emulator) as stranger, closing(ScpiPowerSupply(emulator.resource, journal)) as supply:
        stranger.write("NONSENSE")
        stranger.query("*IDN?")
        with pytest.raises(RigError) as caught:
            supply.current_a()
        assert '-113,"Undefined header"' in complaint(caught)
        assert supply.current_a() == 0


def test_errors_left_by_others_do_not_keep_it_from_opening(emulator: Emulator, journal: Journal) -> None:
    with visa(emulator) as stranger:
        stranger.write("NONSENSE")
        stranger.query("*IDN?")
        ScpiPowerSupply(emulator.resource, journal).close()


def test_close_leaves_the_output_on(emulator: Emulator, journal: Journal) -> None:
    supply = ScpiPowerSupply(emulator.resource, journal)
    with visa(emulator) as session:
        session.write("OUTP OFF")
        assert session.query("OUTP?") == "0"
        supply.close()
        supply.close()
        assert session.query("OUTP?") == "1"


def test_no_cycle_at_a_voltage_that_feeds_nothing(emulator: Emulator, journal: Journal) -> None:
    with visa(emulator) as session, closing(ScpiPowerSupply(emulator.resource, journal)) as supply:
        session.write("VOLT 0")
        session.query("*IDN?")
        with pytest.raises(RigError) as caught:
            supply.cycle()
        assert "0 V" in complaint(caught)
        assert session.query("OUTP?") == "1"


def test_journal_has_both_directions(emulator: Emulator, tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.jsonl") as journal:
        supply = ScpiPowerSupply(emulator.resource, journal)
        supply.cycle(off_s=0)
        supply.close()
    records = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert {record["channel"] for record in records} == {"power"}
    wire = [(r["dir"], bytes.fromhex(r["hex"]).decode()) for r in records if "hex" in r]
    assert wire[:2] == [("tx", "*IDN?\n"), ("rx", f"{IDENTITY}\n")]
    assert [text for _, text in wire if text.startswith("OUTP O")] == ["OUTP OFF\n", "OUTP ON\n", "OUTP ON\n"]
    queries = [text for direction, text in wire if direction == "tx" and text.endswith("?\n")]
    assert len(queries) == sum(direction == "rx" for direction, _ in wire)
    times = [record["t_ns"] for record in records]
    assert times == sorted(times)


@pytest.mark.parametrize(
    "resource",
    [
        "no resource at all",
        "TCPIP::127.0.0.1::SOCKET",
        "ASRL/dev/nothing-here::INSTR",
        "TCPIP::127.0.0.1::99999::SOCKET",
        "GPIB0::5::INTFC",
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_wrong_resource(journal: Journal, resource: str) -> None:
    with pytest.raises(RigError) as caught:
        ScpiPowerSupply(resource, journal, timeout_s=0.2)
    assert resource in complaint(caught)
    del caught
    gc.collect()  # pyvisa-py forgets to close a socket it could not connect


def test_refused(journal: Journal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(RigError) as caught:
        ScpiPowerSupply(f"TCPIP::127.0.0.1::{port}::SOCKET", journal)
    assert "refused" in complaint(caught)


def test_killed_in_mid_call(journal: Journal) -> None:
    with started() as emulator:
        supply = ScpiPowerSupply(emulator.resource, journal, timeout_s=0.3)
        threading.Timer(0.1, emulator.process.kill).start()
        with pytest.raises(RigError) as caught:
            supply.cycle(off_s=0.3)
        assert emulator.resource in complaint(caught)
        with pytest.raises(RigError) as again:
            supply.current_a()
        assert complaint(again) == complaint(caught)
        supply.close()


def test_frozen_in_mid_run(emulator: Emulator, journal: Journal) -> None:
    supply = ScpiPowerSupply(emulator.resource, journal, timeout_s=0.2)
    emulator.process.send_signal(signal.SIGSTOP)
    try:
        begun = time.monotonic()
        with pytest.raises(RigError) as caught:
            supply.cycle()
        assert time.monotonic() - begun < 1.5
        assert "did not answer VOLT? within 0.2 s" in complaint(caught)
        supply.close()
    finally:
        emulator.process.send_signal(signal.SIGCONT)


def test_silence_at_the_default_timeout(journal: Journal) -> None:
    with instrument(lambda _: None) as resource:
        begun = time.monotonic()
        with pytest.raises(RigError) as caught:
            ScpiPowerSupply(resource, journal)
        assert 1.9 < time.monotonic() - begun < 3.5
        assert "did not answer *IDN?" in complaint(caught)


def test_an_endless_reply_is_cut_off(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rigs.instruments.scpi_link.GRACE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                while True:
                    try:
                        connection.sendall(b".")
                    except OSError:
                        return
                    time.sleep(0.02)

        threading.Thread(target=drip, daemon=True).start()
        begun = time.monotonic()
        with pytest.raises(RigError) as caught:
            ScpiPowerSupply(f"TCPIP::127.0.0.1::{listener.getsockname()[1]}::SOCKET", journal, timeout_s=0.2)
        assert time.monotonic() - begun < 1.5
        assert "did not answer" in complaint(caught)


@pytest.mark.parametrize("reply", [b"HTTP/1.1 400 Bad Request\n", b"\xff\xfe,,,\n", b"\n", b"," * 5000 + b"\n"])
def test_nonsense_instead_of_an_identity(journal: Journal, reply: bytes) -> None:
    with instrument(lambda _: reply) as resource, pytest.raises(RigError) as caught:
        ScpiPowerSupply(resource, journal, timeout_s=0.3)
    assert "to *IDN?" in complaint(caught)


@pytest.mark.parametrize("reply", [b"plenty\n", b"9.91E+37\n", b"nan\n", b"-inf\n", b"5.0,0\n"])
def test_nonsense_instead_of_a_number(journal: Journal, reply: bytes) -> None:
    with instrument(sound(MEAS_CURR=reply)) as resource:
        supply = ScpiPowerSupply(resource, journal, timeout_s=0.3)
        with pytest.raises(RigError) as caught:
            supply.current_a()
        assert "to MEAS:CURR?" in complaint(caught)
        supply.close()


@pytest.mark.parametrize(("reply", "what"), [(b"fine\n", "to SYST:ERR?"), (b'-330,"Self-test failed"\n', "-330")])
def test_error_queue_that_never_empties_or_says_nonsense(journal: Journal, reply: bytes, what: str) -> None:
    with instrument(sound(SYST_ERR=reply)) as resource, pytest.raises(RigError) as caught:
        ScpiPowerSupply(resource, journal, timeout_s=0.3)
    assert what in complaint(caught)


def test_output_that_does_not_fall(journal: Journal) -> None:
    with instrument(sound(MEAS_VOLT=b"4.7\n")) as resource:
        supply = ScpiPowerSupply(resource, journal, settle_s=0.1)
        with pytest.raises(RigError) as caught:
            supply.cycle()
        assert "still measures 4.7 V 0.1 s after it was switched off" in complaint(caught)
        supply.close()


def test_output_that_does_not_rise(journal: Journal) -> None:
    with instrument(sound(MEAS_VOLT=b"0.1\n")) as resource:
        supply = ScpiPowerSupply(resource, journal, settle_s=0.1)
        with pytest.raises(RigError) as caught:
            supply.cycle(off_s=0)
        assert "switched on" in complaint(caught)
        supply.close()


def test_close_complains_when_the_output_stays_off(journal: Journal) -> None:
    with instrument(sound(OUTP=b"0\n")) as resource:
        supply = ScpiPowerSupply(resource, journal)
        with pytest.raises(RigError) as caught:
            supply.close()
        assert "stays off" in complaint(caught)


def test_switches_on_again_even_over_a_failed_link(journal: Journal) -> None:
    heard: list[str] = []
    restored = threading.Event()
    answers = sound(MEAS_VOLT=b"a lot\n")

    def answer(line: str) -> bytes | None:
        heard.append(line)
        if line == "OUTP ON":
            restored.set()
        return answers(line)

    with instrument(answer) as resource:
        supply = ScpiPowerSupply(resource, journal)
        with pytest.raises(RigError):
            supply.cycle()
        assert "OUTP ON" not in heard
        supply.close()
        assert restored.wait(2)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Python's own answer to Ctrl-C, whatever ran before in this process has put in its place."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_call_ends_the_use_of_the_link(journal: Journal) -> None:
    main = threading.get_ident()
    restored = threading.Event()
    answers = sound()

    def answer(line: str) -> bytes | None:
        if line == "MEAS:CURR?":
            signal.pthread_kill(main, signal.SIGINT)
        elif line == "OUTP ON":
            restored.set()
        return answers(line)

    with instrument(answer) as resource:
        supply = ScpiPowerSupply(resource, journal)
        with pytest.raises(KeyboardInterrupt):
            supply.current_a()
        with pytest.raises(RigError) as caught:
            supply.current_a()
        assert "interrupted" in complaint(caught)
        supply.close()
        assert restored.wait(2)


@pytest.mark.parametrize("tethered", [False, True])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_with_clients_connected(number: int, tethered: bool) -> None:
    with started(tethered=tethered) as emulator, visa(emulator) as session, device_on(emulator.rail):
        assert session.query("*IDN?") == IDENTITY
        emulator.process.send_signal(number)
        assert emulator.process.wait(3) == 0
        assert emulator.process.stderr.read() == ""
        assert not Path(f"/proc/{emulator.process.pid}").exists()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(emulator.rail, timeout=1)


def test_end_of_its_tether() -> None:
    with started(tethered=True) as emulator, device_on(emulator.rail):
        emulator.process.stdin.close()
        assert emulator.process.wait(3) == 0
        assert emulator.process.stderr.read() == ""


def test_a_port_that_is_taken(emulator: Emulator) -> None:
    with pytest.raises(RigError) as caught:
        run_power_supply(PowerSupplyOptions(port=emulator.port))
    assert str(emulator.port) in complaint(caught)


def test_survives_clients_that_hang_up_or_babble(emulator: Emulator) -> None:
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", emulator.port)) as babbler:
            babbler.sendall(b"\xff\x00*IDN?\n\n\nOUTP OFF")
        with socket.create_connection(("127.0.0.1", emulator.port)) as babbler:
            babbler.sendall(b"x" * 100_000)
        with socket.create_connection(emulator.rail):
            pass
    with visa(emulator) as session:
        assert session.query("*IDN?") == IDENTITY
        assert session.query("OUTP?") == "1"


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads the kernel's socket tables")
def test_listens_on_loopback_only(emulator: Emulator) -> None:
    folder = Path(f"/proc/{emulator.process.pid}/fd")
    own = {str(entry.readlink()) for entry in folder.iterdir()}
    listening = [
        fields[1]
        for table in ("tcp", "tcp6", "udp", "udp6")
        for fields in map(str.split, Path(f"/proc/net/{table}").read_text().splitlines()[1:])
        if f"socket:[{fields[9]}]" in own and (fields[3] == "0A" or table.startswith("udp"))
    ]
    ports = sorted((emulator.port, emulator.rail[1]))
    assert sorted(listening, key=lambda local: int(local.split(":")[1], 16)) == [f"0100007F:{p:04X}" for p in ports]
