"""A security module in a PC/SC slot: the same driver, the same answers, through a real ``pcscd``."""

from __future__ import annotations

import importlib.util
import json

import pytest

from reference_impl.wire.sm2 import Signer, generate
from reference_impl.wire.sm2_encryption import Encryptor
from reference_impl.wire.terminal_module import Injection, injection_text, is_proven
from rigs.child_process import ChildProcess
from rigs.drivers.pcsc import PcscReader
from rigs.drivers.security_module import ApduSecurityModule
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.pcsc_daemon import PrivatePcscd, missing_programs, port_of

missing = [*missing_programs(), *([] if importlib.util.find_spec("smartcard") else ["pyscard"])]
pytestmark = pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")

READER, MESSAGE, PLATFORM, KEY = "Xiangka SAM", bytes(range(16)), generate(), generate().private


@pytest.fixture
def slot():
    daemon = PrivatePcscd(READER)
    arguments = ["--serial", "SYN-7", "--term-id", "439900T01", "--trusts", PLATFORM.public.hex()]
    arguments += ["--slot-port", str(port_of(0, 0))]
    child = ChildProcess(
        "security_module", ["emulate", "security-module", "--tethered", *arguments], under=daemon.inside
    )
    reader = PcscReader(f"{READER} 00 00", "security_module", Journal(None))
    yield reader, child
    reader.close()
    child.close()
    daemon.close()


def test_a_module_is_keyed_used_and_lost_through_a_reader(slot, tmp_path):
    reader, child = slot
    channel = reader.connect(10)
    assert channel is not None
    assert channel.protocol == "T=1"
    file = tmp_path / "journal.jsonl"
    with Journal(file) as journal:
        module = ApduSecurityModule(channel, journal)
        sealed = Encryptor(module.public_key()).encrypt(KEY)
        signature = Signer(PLATFORM.private, PLATFORM.public).sign(injection_text("SYN-7", 1, sealed))
        module.inject(Injection("SYN-7", 1, sealed, signature))
        assert is_proven(KEY, module.prove(MESSAGE), MESSAGE)
        assert module.unseal(module.seal(MESSAGE)) == MESSAGE
        child.kill()
        with pytest.raises(RigError, match="the module went away"):
            module.status()
        module.close()
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert not any(record["dir"] == "rx" for record in records)
