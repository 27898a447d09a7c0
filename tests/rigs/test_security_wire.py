"""A security module as a process at the far end of a wire, and what the bench writes down of it."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from pathlib import Path

import pytest

from reference_impl.wire.sm2 import Signer, Verifier, generate
from reference_impl.wire.sm2_encryption import Encryptor
from reference_impl.wire.terminal_module import Injection, enrolment_text, injection_text, is_proven
from rigs.bench_file import load_bench
from rigs.child_process import ChildProcess
from rigs.drivers.security_module import ApduSecurityModule
from rigs.drivers.tcp_apdu import TcpApduChannel
from rigs.emulators.apdu_port import ApduPort
from rigs.emulators.defects.table import behaviour_of
from rigs.emulators.module_keys import ModuleKeys
from rigs.emulators.security_applet import SecurityApplet
from rigs.errors import BenchFileError, RigError
from rigs.journal import Journal
from rigs.key_search import Deeds, key_bytes_in
from rigs.roles.security import ModuleRefusalError

PLATFORM, DEVICE, KEY, MESSAGE = generate(), generate(), generate().private, bytes(range(16))


def injection(serial: str, public: bytes, version: int = 1) -> Injection:
    sealed = Encryptor(public).encrypt(KEY)
    return Injection(
        serial,
        version,
        sealed,
        Signer(PLATFORM.private, PLATFORM.public).sign(injection_text(serial, version, sealed)),
    )


def test_a_module_of_its_own_process_is_keyed_and_proves_itself_over_the_wire():
    arguments = ["--serial", "SYN-7", "--term-id", "439900T01", "--trusts", PLATFORM.public.hex()]
    child = ChildProcess("security_module", ["emulate", "security-module", "--tethered", *arguments])
    try:
        module = ApduSecurityModule(TcpApduChannel(child.greeting, "security_module"), Journal(None))
        told = module.status()
        assert (told.serial, told.term_id, told.version, told.ended) == ("SYN-7", "439900T01", 0, False)
        public = module.public_key()
        assert Verifier(public).verify(enrolment_text(MESSAGE, "SYN-7", "439900T01"), module.sign(MESSAGE))
        with pytest.raises(ModuleRefusalError, match="6A88"):
            module.prove(MESSAGE)
        module.inject(injection("SYN-7", public))
        assert is_proven(KEY, module.prove(MESSAGE), MESSAGE)
        child.kill()
        with pytest.raises(RigError, match="security_module"):
            module.status()
        module.close()
    finally:
        child.close()


@pytest.mark.parametrize("wrong", [["--trusts", "00"], ["--serial", "a b"], ["--defect", "no-such-defect"]])
def test_a_module_that_cannot_be_made_is_told_in_one_line(wrong):
    arguments = ["--serial", "SYN-7", "--term-id", "439900T01", "--trusts", PLATFORM.public.hex(), *wrong]
    with pytest.raises(RigError, match=r"its process did not start \(xiangka: "):
        ChildProcess("security_module", ["emulate", "security-module", "--tethered", *arguments])


@pytest.fixture
def leaking(tmp_path):
    """A module that tells its key, on a bench with a journal; the module, then the journal's file."""
    applet = SecurityApplet("SYN-7", "439900T01", DEVICE, PLATFORM.public, behaviour_of("key-readable", ModuleKeys))
    port = ApduPort(applet)
    file = tmp_path / "journal.jsonl"
    with Journal(file) as journal:
        module = ApduSecurityModule(TcpApduChannel(port.url, "security_module"), journal)
        module.inject(injection("SYN-7", module.public_key()))
        yield module, file, journal
        module.close()
    port.close()


def test_a_key_that_is_told_is_found_and_written_down_nowhere(leaking):
    module, file, journal = leaking
    proof = module.prove(MESSAGE)
    asked = len(list(module.try_to_read()))
    assert asked > 3000
    assert key_bytes_in(module.heard(), Deeds(DEVICE.public, ((proof, MESSAGE),))) == 32
    journal.flush()
    text = file.read_text(encoding="utf-8")
    assert KEY.hex() not in text
    assert DEVICE.private.hex() not in text
    answers = [record for line in text.splitlines() if (record := json.loads(line)).get("what") == "answered"]
    assert {"sw", "size", "sha256"} <= answers[-1].keys()
    assert not any("hex" in answer for answer in answers)


def test_reading_changes_nothing(leaking):
    module = leaking[0]
    before = module.status()
    list(module.try_to_read())
    assert module.status() == before
    assert is_proven(KEY, module.prove(MESSAGE), MESSAGE)


@pytest.mark.parametrize("url", ["socket://127.0.0.1:1", "socket://nowhere.invalid:1"])
def test_a_slot_nobody_listens_at_is_the_benchs_fault(url):
    with pytest.raises(RigError, match="no answer from"):
        TcpApduChannel(url, "security_module")


def test_a_chip_with_another_applet_is_the_benchs_fault():
    class Other:
        atr = b"\x3b\x00"

        def reset(self) -> None:
            return

        def transmit(self, apdu: bytes) -> bytes:
            return b"\x6a\x82"

    port = ApduPort(Other())
    channel = TcpApduChannel(port.url, "security_module")
    try:
        with pytest.raises(RigError, match="knows no applet"):
            ApduSecurityModule(channel, Journal(None))
    finally:
        channel.close()
        port.close()


def test_an_unknown_defect_is_refused():
    with pytest.raises(BenchFileError, match="no-such-defect"):
        behaviour_of("no-such-defect", ModuleKeys)


class CutLine:
    """A chip whose line breaks after so many bytes it has said."""

    def __init__(self, said_bytes: int) -> None:
        self._applet = SecurityApplet("SYN-7", "439900T01", DEVICE, PLATFORM.public, ModuleKeys())
        self._left = said_bytes
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        host, _ = self._listener.accept()
        with self._listener, host, host.makefile("rb") as messages, contextlib.suppress(OSError):
            while self._left > 0 and (message := messages.read(int.from_bytes(messages.read(2)))):
                if len(message) == 1 and message != b"\x04":
                    continue
                answer = self._applet.atr if message == b"\x04" else self._applet.transmit(message)
                said = (len(answer).to_bytes(2) + answer)[: self._left]
                host.sendall(said)
                self._left -= len(said)


def talk(url: str) -> None:
    channel = TcpApduChannel(url, "security_module")
    try:
        module = ApduSecurityModule(channel, Journal(None))
        module.sign(MESSAGE)
        module.public_key()
    finally:
        channel.close()


def test_a_line_that_breaks_anywhere_in_the_dialogue_is_the_benchs_fault():
    whole = 2 + 17 + 2 + 13 + 2 + 2 + len("SYN-7439900T01") + 8 + 5 + 2 + 66 + 2 + 67
    broken = range(1, whole - 1, 7)
    for said_bytes in broken:
        with pytest.raises(RigError, match="no answer from"):
            talk(CutLine(said_bytes).url)
    talk(CutLine(10_000).url)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('reader = "SAM"\nurl = "socket://127.0.0.1:1"', "needs `reader` (PC/SC), `url`"),
        ("", "needs `reader` (PC/SC), `url`"),
        ('url = "127.0.0.1"', "security_module.url"),
        ('reader = "SAM"\ngrace_s = -1', "security_module.grace_s"),
        ('reader = "SAM"', None),
    ],
)
def test_a_bench_names_one_place_where_its_module_is(table, said, tmp_path):
    text = Path("rigs/benches/emulated-security.toml").read_text(encoding="utf-8")
    whole = '[security_module]\ndriver = "apdu"\n\n[security_module.emulated]\n'
    assert whole in text
    file = tmp_path / "bench.toml"
    file.write_text(text.replace(whole, f'[security_module]\ndriver = "apdu"\n{table}\n'), encoding="utf-8")
    if said is None:
        assert load_bench(file).security_module.reader == "SAM"
        return
    with pytest.raises(BenchFileError) as caught:
        load_bench(file)
    assert said in str(caught.value)
