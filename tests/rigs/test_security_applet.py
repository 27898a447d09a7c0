"""A security module's applet against messages made as the platform makes them."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.wire.sm2 import Signer, Verifier, generate
from reference_impl.wire.sm2_encryption import Encryptor
from reference_impl.wire.terminal_module import (
    Injection,
    Succession,
    WipeOrder,
    enrolment_text,
    injection_text,
    is_proven,
    succession_text,
    wipe_text,
)
from rigs.emulators.defects.security import DEFECTS
from rigs.emulators.defects.table import behaviour_of
from rigs.emulators.module_keys import ModuleKeys
from rigs.emulators.security_applet import SecurityApplet
from rigs.protocols import security_apdu as apdu
from rigs.protocols.iso7816 import ApduError, Command
from rigs.protocols.module_cipher import cipher_key, opened_under, sealed_under
from rigs.protocols.security_apdu import Datum, Ins, Life, Word

SERIAL, TERM = "SYN-1", "439900T01"
CHANCE = Random(1)
PLATFORM, DEVICE, STRANGER = (generate(CHANCE.randbytes) for _ in range(3))
KEYS = {version: CHANCE.randbytes(32) for version in (1, 2)}
MESSAGE = bytes(range(16))


class Chip:
    """A made and selected module, and the words it answers."""

    def __init__(self, defect: str | None = None) -> None:
        keys = behaviour_of(defect, ModuleKeys)
        self.applet = SecurityApplet(SERIAL, TERM, DEVICE, PLATFORM.public, keys)
        self.ask(apdu.select())

    def ask(self, command: Command) -> tuple[bytes, int]:
        answer = self.applet.transmit(command.encode())
        return answer[:-2], int.from_bytes(answer[-2:])

    def word(self, command: Command) -> int:
        return self.ask(command)[1]

    def data(self, command: Command) -> bytes:
        data, word = self.ask(command)
        assert word == Word.DONE
        return data


def injection(version: int, signer=PLATFORM, serial: str = SERIAL, to=DEVICE, key: bytes | None = None) -> Injection:
    sealed = Encryptor(to.public).encrypt(key or KEYS[version])
    signature = Signer(signer.private, signer.public).sign(injection_text(serial, version, sealed))
    return Injection(serial, version, sealed, signature)


def wipe_order(signer=PLATFORM, serial: str = SERIAL) -> WipeOrder:
    return WipeOrder(serial, Signer(signer.private, signer.public).sign(wipe_text(serial)))


@pytest.fixture
def keyed() -> Chip:
    chip = Chip()
    assert chip.word(apdu.put_key(injection(1))) == Word.DONE
    return chip


def proof_of(chip: Chip, version: int = apdu.ACTIVE):
    return apdu.read_proof(chip.data(apdu.checksum(MESSAGE, version)), SERIAL)


def test_nothing_is_done_before_the_applet_is_selected_nor_after_a_reset(keyed):
    keyed.applet.reset()
    assert keyed.word(apdu.checksum(MESSAGE, apdu.ACTIVE)) == Word.OUT_OF_TURN
    assert keyed.word(Command(apdu.ISO, Ins.SELECT, 0x04, 0x00, b"another")) == Word.NO_SUCH_APPLET
    keyed.ask(apdu.select())
    assert is_proven(KEYS[1], proof_of(keyed), MESSAGE)


def test_a_challenge_is_signed_with_the_device_key_even_before_there_is_a_key():
    chip = Chip()
    signature = chip.data(apdu.authenticate(MESSAGE))
    assert Verifier(chip.data(apdu.get(Datum.DEVICE_KEY))).verify(enrolment_text(MESSAGE, SERIAL, TERM), signature)
    assert chip.word(apdu.authenticate(MESSAGE[:-1])) == Word.WRONG_LENGTH


def test_without_a_key_nothing_is_proved_or_encrypted():
    chip = Chip()
    assert chip.word(apdu.checksum(MESSAGE, apdu.ACTIVE)) == Word.NO_SUCH_KEY
    assert chip.word(apdu.encipher(MESSAGE)) == Word.NO_SUCH_KEY
    assert apdu.read_status(chip.data(apdu.get(Datum.STATUS))).life is Life.MADE


def test_a_key_encrypts_and_opens_its_own_and_nobody_elses(keyed):
    sealed = keyed.data(apdu.encipher(MESSAGE))
    assert keyed.data(apdu.decipher(sealed)) == opened_under(cipher_key(KEYS[1], SERIAL, 1), SERIAL, sealed) == MESSAGE
    assert keyed.word(apdu.decipher(sealed_under(KEYS[2][:16], SERIAL, MESSAGE))) == Word.NOT_GENUINE
    assert keyed.word(apdu.decipher(sealed[:-1] + bytes((sealed[-1] ^ 1,)))) == Word.NOT_GENUINE
    assert keyed.word(apdu.encipher(bytes(apdu.MAX_PLAIN_BYTES + 1))) == Word.WRONG_LENGTH


def test_the_next_key_ends_the_one_before(keyed):
    keyed.word(apdu.put_key(injection(2)))
    assert is_proven(KEYS[2], proof_of(keyed), MESSAGE)
    assert keyed.word(apdu.checksum(MESSAGE, 1)) == Word.NO_SUCH_KEY


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (lambda: injection(2, signer=STRANGER), Word.NOT_GENUINE),
        (lambda: injection(2, serial="SYN-2"), Word.NOT_GENUINE),
        (lambda: injection(2, to=STRANGER), Word.WRONG_DATA),
        (lambda: injection(2, key=b"short"), Word.WRONG_DATA),
    ],
    ids=["signed by another", "for another module", "sealed for another", "too short"],
)
def test_a_key_that_is_not_the_platforms_for_this_module_changes_nothing(keyed, wrong, word):
    assert keyed.word(apdu.put_key(wrong())) == word
    assert is_proven(KEYS[1], proof_of(keyed), MESSAGE)


def test_an_older_key_is_refused_and_the_present_one_comes_again_without_harm(keyed):
    older = injection(1)
    keyed.word(apdu.put_key(injection(2)))
    assert keyed.word(apdu.put_key(older)) == Word.OUT_OF_TURN
    assert keyed.word(apdu.put_key(injection(2))) == Word.DONE
    assert proof_of(keyed).version == 2


def test_a_wiped_module_tells_that_it_ended_and_nothing_else(keyed):
    assert keyed.word(apdu.wipe(wipe_order(STRANGER))) == Word.NOT_GENUINE
    assert keyed.word(apdu.wipe(wipe_order(serial="SYN-2"))) == Word.NOT_GENUINE
    assert keyed.word(apdu.wipe(wipe_order())) == Word.DONE
    for command in (apdu.checksum(MESSAGE, 1), apdu.put_key(injection(2)), apdu.authenticate(MESSAGE)):
        assert keyed.word(command) == Word.ENDED
    assert apdu.read_status(keyed.data(apdu.get(Datum.STATUS))).life is Life.ENDED


def put_trusted_key(succession: Succession) -> Command:
    """Hands over the platform's next signing key."""
    return Command(apdu.OWN, Ins.PUT_DATA, 0x01, 0x03, succession.public_key + succession.signature)


def test_the_platforms_next_signing_key_is_trusted_on_the_word_of_the_one_before(keyed):
    text = succession_text(STRANGER.public)
    forged = Succession(STRANGER.public, Signer(STRANGER.private, STRANGER.public).sign(text))
    assert keyed.word(put_trusted_key(forged)) == Word.NOT_GENUINE
    named = Succession(STRANGER.public, Signer(PLATFORM.private, PLATFORM.public).sign(text))
    assert keyed.word(put_trusted_key(named)) == Word.DONE
    assert keyed.word(apdu.put_key(injection(2))) == Word.NOT_GENUINE
    assert keyed.word(apdu.put_key(injection(2, signer=STRANGER))) == Word.DONE


@given(st.binary(max_size=300))
def test_whatever_the_bytes_are_there_is_an_answer_and_no_key_in_it(command):
    chip = Chip()
    chip.word(apdu.put_key(injection(1)))
    answer = chip.applet.transmit(command)
    assert len(answer) >= 2
    assert KEYS[1] not in answer
    assert DEVICE.private not in answer


@given(st.binary(max_size=80))
def test_readers_of_answers_raise_their_own_error_only(data):
    for read in (apdu.read_status, apdu.read_succession, lambda d: apdu.read_injection(d, SERIAL)):
        try:
            read(data)
        except ApduError:
            continue


def test_each_defect_changes_an_answer():
    def told(defect: str | None) -> list[int]:
        chip = Chip(defect)
        words = [chip.word(apdu.checksum(MESSAGE, apdu.ACTIVE))]
        words += [chip.word(apdu.put_key(one)) for one in (injection(1), injection(2), injection(1))]
        words += [chip.word(apdu.checksum(MESSAGE, 1)), chip.word(Command(apdu.OWN, Ins.GET_DATA, 0x01, 0xE0))]
        words += [chip.word(apdu.decipher(sealed_under(KEYS[2][:16], SERIAL, MESSAGE)))]
        words += [chip.word(apdu.put_key(injection(2, signer=STRANGER)))]
        return [*words, chip.word(apdu.wipe(wipe_order())), chip.word(apdu.checksum(MESSAGE, apdu.ACTIVE))]

    sound = told(None)
    assert [defect.name for defect in DEFECTS if told(defect.name) == sound] == []
