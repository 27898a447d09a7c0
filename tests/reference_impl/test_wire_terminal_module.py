"""The security module in software: it obeys its platform, and nobody else, until it is wiped."""

from dataclasses import replace

import pytest

from reference_impl.wire.sm2 import Signer, Verifier, generate
from reference_impl.wire.sm2_encryption import Encryptor
from reference_impl.wire.terminal_module import (
    Injection,
    ModuleError,
    SoftwareModule,
    Succession,
    WipeOrder,
    check_name,
    enrolment_text,
    injection_text,
    is_proven,
    succession_text,
    wipe_text,
)

PLATFORM, DEVICE = generate(), generate()
KEY = bytes(range(32))


def injection(version=1, key=KEY, serial="PSAM-1", signed_by=PLATFORM, device=DEVICE):
    sealed = Encryptor(device.public).encrypt(key)
    return Injection(serial, version, sealed, Signer(signed_by.private).sign(injection_text(serial, version, sealed)))


def order(serial="PSAM-1", signed_by=PLATFORM):
    return WipeOrder(serial, Signer(signed_by.private).sign(wipe_text(serial)))


@pytest.fixture
def module():
    return SoftwareModule("PSAM-1", "T-1", DEVICE, PLATFORM.public)


def test_it_answers_a_challenge_with_its_device_key(module):
    answer = module.enrol(b"c" * 16)
    text = enrolment_text(b"c" * 16, "PSAM-1", "T-1")
    assert Verifier(DEVICE.public).verify(text, answer.signature)
    assert (answer.serial, answer.term_id, answer.public_key) == ("PSAM-1", "T-1", DEVICE.public)
    with pytest.raises(ModuleError, match="16 bytes"):
        module.enrol(b"c" * 15)


def test_it_proves_messages_under_the_key_it_took(module):
    with pytest.raises(ModuleError, match="no key yet"):
        module.prove(b"message")
    module.take_key(injection())
    proof = module.prove(b"message")
    assert is_proven(KEY, proof, b"message")
    assert not is_proven(KEY, proof, b"messagf")
    assert not is_proven(KEY, replace(proof, version=2), b"message")
    assert not is_proven(KEY, replace(proof, serial="PSAM-2"), b"message")
    assert not is_proven(bytes(32), proof, b"message")


def test_it_takes_a_newer_key_or_the_same_again_but_no_older(module):
    module.take_key(injection(version=2))
    module.take_key(injection(version=2))
    module.take_key(injection(version=3, key=bytes(32)))
    assert is_proven(bytes(32), module.prove(b"m"), b"m")
    with pytest.raises(ModuleError, match="older"):
        module.take_key(injection(version=2))
    assert module.prove(b"m").version == 3


@pytest.mark.parametrize(
    ("message", "match"),
    [
        (injection(signed_by=DEVICE), "does not come from the platform"),
        (injection(serial="PSAM-2"), "for this module"),
        (replace(injection(), version=9), "does not come from the platform"),
        (replace(injection(), sealed_key=injection().sealed_key), "does not come from the platform"),
        (injection(device=PLATFORM), "not encrypted for this module"),
        (injection(key=b"short"), "32 bytes"),
    ],
)
def test_it_refuses_a_key_that_is_not_for_it(module, message, match):
    with pytest.raises(ModuleError, match=match):
        module.take_key(message)
    with pytest.raises(ModuleError, match="no key yet"):
        module.prove(b"m")


def test_it_is_wiped_by_the_platform_only_and_for_good(module):
    module.take_key(injection())
    for wrong in (order(signed_by=DEVICE), order(serial="PSAM-2"), replace(order(), signature=bytes(64))):
        with pytest.raises(ModuleError, match="order to wipe"):
            module.wipe(wrong)
    assert module.prove(b"m")
    module.wipe(order())
    for use in (
        lambda: module.prove(b"m"),
        lambda: module.enrol(b"c" * 16),
        lambda: module.take_key(injection(2)),
        lambda: module.trust(Succession(DEVICE.public, bytes(64))),
    ):
        with pytest.raises(ModuleError, match="wiped"):
            use()


def test_it_follows_the_platform_to_its_next_signing_key(module):
    successor = generate()
    with pytest.raises(ModuleError, match="does not come from the platform"):
        module.take_key(injection(signed_by=successor))

    def message(public, signed_by):
        return Succession(public, Signer(signed_by.private).sign(succession_text(public)))

    with pytest.raises(ModuleError, match="does not come from the platform"):
        module.trust(message(successor.public, successor))
    with pytest.raises(ModuleError, match="is no key"):
        module.trust(message(b"\x04" + bytes(64), PLATFORM))
    module.trust(message(successor.public, PLATFORM))
    module.take_key(injection(signed_by=successor))
    with pytest.raises(ModuleError, match="does not come from the platform"):
        module.take_key(injection(version=2))


@pytest.mark.parametrize("name", ["", "a" * 33, "a|b", "a b", "终端", "a\n"])
def test_a_name_reads_in_one_way(name):
    check_name("PSAM-0001")
    with pytest.raises(ModuleError, match="1 to 32"):
        check_name(name)
    with pytest.raises(ModuleError, match="1 to 32"):
        SoftwareModule(name, "T-1", DEVICE, PLATFORM.public)
