"""The rows of the security module, run against each of its defects without process or platform between."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace

import pytest

from certification.catalogue import load_catalogue
from certification.decision import Outcome, judge_criterion, overall
from certification.observations import Observation
from reference_impl.wire.sm2 import generate
from reference_impl.wire.terminal_module import Proof
from rigs.drivers.security_module import ApduSecurityModule
from rigs.emulators.defects.security import DEFECTS
from rigs.emulators.defects.table import behaviour_of
from rigs.emulators.module_keys import ModuleKeys
from rigs.emulators.security_applet import SecurityApplet
from rigs.errors import NotAssessedError, RigError, SubjectFaultError
from rigs.journal import Journal
from rigs.module_issuer import ModuleIssuer
from rigs.protocols.security_apdu import Datum, authenticate, get
from steps import module_keys, security_module
from tests.rigs.module_platform import KEYS, Platform

TERM = "439900T01"
USED, KEPT = "EHC-TRM-029", "EHC-TRM-030"


class Channel:
    """A chip that stands in the process itself."""

    atr, protocol = b"\x3b\x00", "T=1"

    def __init__(self, defect: str | None, trusts: bytes) -> None:
        self.spoils = lambda _, data: data
        self.applet = SecurityApplet("SYN-7", TERM, generate(), trusts, behaviour_of(defect, ModuleKeys))

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        answer = self.applet.transmit(apdu)
        return self.spoils(apdu, answer[:-2]), int.from_bytes(answer[-2:])

    def close(self) -> None:
        return


class Sample:
    """As much of a sampler as the rows need, over one module and one platform."""

    def __init__(self, defect: str | None = None, trusts: bytes = KEYS.public) -> None:
        journal = Journal(None)
        self.channel = Channel(defect, trusts)
        bench = SimpleNamespace(
            security_module=ApduSecurityModule(self.channel, journal),
            issuer=ModuleIssuer(Platform(), "app"),
            credentials=SimpleNamespace(terminals=(TERM,)),
            journal=journal,
        )
        self.run = SimpleNamespace(bench=bench, random=Random)
        self.row, self.seen = "", []

    def observe(self, measure, value, *, cell=None, unit="1", uncertainty=0.0, times=1, **_) -> None:
        self.seen.append(Observation(self.row, measure, value, unit, uncertainty, cell or {}, times=times))

    def step(self, *_: int) -> None:
        return

    def failed(self) -> bool:
        return self.judged() is Outcome.BROKEN

    def judged(self) -> Outcome:
        return overall(judge_criterion(load_catalogue()[self.row].criterion, self.seen))

    def outcome(self, row: str) -> Outcome:
        self.row, self.seen = row, []
        if row == USED:
            security_module.issuing(self.run)
            security_module.challenged_without_key(self)
            security_module.keyed(self)
            security_module.thousand_challenges(self)
        else:
            security_module.keyed(self)
            rotation = module_keys.rotate(self)
            for look in (module_keys.older_key, module_keys.replayed, module_keys.nothing_to_read):
                look(self, rotation)
            module_keys.wiped(self, rotation)
            module_keys.replayed_after_wipe(self, rotation)
        return self.judged()


def test_a_sound_module_passes_both_rows_one_after_the_other():
    sample = Sample()
    assert sample.outcome(USED) is Outcome.HOLDS
    assert sample.outcome(KEPT) is Outcome.HOLDS


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_each_defect_breaks_its_row_and_not_the_other(defect):
    (row,) = defect.requirements
    assert Sample(defect.name).outcome(row) is Outcome.BROKEN
    if row == USED:
        assert Sample(defect.name).outcome(KEPT) is Outcome.HOLDS


def test_a_module_somebody_keyed_before_cannot_show_that_it_answers_nothing_without_a_key():
    sample = Sample()
    sample.row = USED
    security_module.keyed(sample)
    security_module.challenged_without_key(sample)
    assert sample.seen == []
    assert sample.judged() is Outcome.OPEN


def test_a_wiped_module_is_left_open_and_named():
    sample = Sample()
    sample.outcome(KEPT)
    with pytest.raises(NotAssessedError, match="SYN-7 was wiped before"):
        sample.outcome(KEPT)


def test_a_module_that_trusts_another_platform_is_at_fault_itself():
    with pytest.raises(SubjectFaultError, match="refused key version 1"):
        Sample(trusts=generate().public).outcome(USED)


NO_POINT = b"\x04" + bytes(64)


@pytest.mark.parametrize("from_the_first", [True, False])
@pytest.mark.parametrize(
    ("command", "spoiled", "said"),
    [
        (get(Datum.DEVICE_KEY), lambda key: key[:-1], "no SM2 public key .64 bytes"),
        (get(Datum.DEVICE_KEY), lambda _: NO_POINT, "no SM2 public key .65 bytes"),
        (authenticate(bytes(16)), lambda signature: signature + b"\0", "a signature of 65 bytes"),
    ],
)
def test_a_malformed_key_or_signature_is_the_modules_fault(command, spoiled, said, from_the_first):
    sample = Sample()
    if not from_the_first:
        security_module.keyed(sample)
    kind = (command.cla, command.ins, command.p1, command.p2)
    sample.channel.spoils = lambda apdu, data: spoiled(data) if tuple(apdu[:4]) == kind else data
    with pytest.raises(SubjectFaultError, match=said):
        sample.outcome(USED)


def test_a_module_whose_name_no_platform_takes_is_refused_when_the_bench_is_opened():
    channel = Channel(None, KEYS.public)
    channel.spoils = lambda _, data: data.replace(b"SYN-7", b"SYN_7")
    with pytest.raises(RigError, match="does not tell its status"):
        ApduSecurityModule(channel, Journal(None))


def test_a_proof_of_a_version_no_platform_can_be_asked_about_is_no_proof():
    assert not ModuleIssuer(Platform({"/proof": lambda _: pytest.fail("asked")}), "app").believes(
        Proof("SYN-7", 2**31, bytes(32)), b"message"
    )
