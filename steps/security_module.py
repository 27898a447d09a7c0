"""The terminal's security module: the platform issues keys, the bench carries them, the module uses and loses them."""

from __future__ import annotations

from collections.abc import Callable

from pytest_bdd import given, when

from fixtures.run import Run
from reference_impl.wire.sm2 import Signer, Verifier, generate
from reference_impl.wire.sm2_encryption import Encryptor
from reference_impl.wire.terminal_module import (
    CHALLENGE_BYTES,
    MODULE_KEY_BYTES,
    Enrolment,
    Injection,
    ModuleError,
    enrolment_text,
    injection_text,
)
from rigs.errors import NotAssessedError, SubjectFaultError
from rigs.protocols.module_cipher import CIPHER_KEY_BYTES, sealed_under
from rigs.roles.security import ModuleRefusalError, ModuleStatus, SecurityModule
from steps.sampling import Sampler

CHANNEL = "security_module"
WITHOUT_KEY = 20
CHALLENGES = 1000


@given("the platform issues keys to security modules")
@given("卡管平台可向安全模块签发密钥")
def issuing(run: Run) -> None:
    """A module of the bench's own goes through a whole life first: a platform that is wrong is the bench's fault."""
    run.bench.issuer.prove_itself(run.bench.credentials.terminals[0])


@when("its security module is challenged before it was given a key")
@when("在注入密钥之前向其安全模块发出挑战")
def challenged_without_key(sampler: Sampler) -> None:
    """Only a module that holds no key yet can show this; with another the clause stays open."""
    module, chance = sampler.run.bench.security_module, sampler.run.random("no-key")
    if alive(module).version:
        return
    for number in range(WITHOUT_KEY):
        message = chance.randbytes(CHALLENGE_BYTES)
        taken = obeys(module.seal if number % 2 else module.prove, message)
        observe(sampler, "accepted" if taken else "refused", "none", module.journal)


@when("the platform enrols the security module and gives it a key")
@when("卡管平台登记该安全模块并为其注入密钥")
def keyed(sampler: Sampler) -> None:
    """Unless it was enrolled and keyed by an earlier row."""
    bench = sampler.run.bench
    module, issuer = bench.security_module, bench.issuer
    status = alive(module)
    if issuer.knows(status.serial):
        if not status.version:
            hand_over(module, issuer.same_key(status.serial))
        return
    challenge = issuer.challenge(status.serial, status.term_id)
    try:
        signature, public = module.sign(challenge), module.public_key()
        first = issuer.enrol(Enrolment(status.serial, status.term_id, challenge, public, signature))
    except (ModuleRefusalError, ModuleError) as error:
        raise SubjectFaultError(
            f"did not answer the platform's challenge ({error})", where=CHANNEL, journal=module.journal
        ) from error
    hand_over(module, first)


@when("it answers a thousand challenges, and a thousand that were made with wrong keys")
@when("向其发出一千次挑战，并发出一千次以错误密钥构造的挑战")
def thousand_challenges(sampler: Sampler) -> None:
    """By turns, so that a module which counts wrong tries sees a right one after each."""
    if sampler.failed():
        return
    module = sampler.run.bench.security_module
    status, public = module.status(), module.public_key()
    right, wrong = RightChallenge(sampler, status, public), WrongChallenge(sampler, status, public)
    records: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for number in range(CHALLENGES):
        outcome = "correct" if right.answered() else "wrong"
        records.setdefault(("test", outcome), []).append(right.journal)
        outcome = "accepted" if wrong.accepted(number) else "refused"
        records.setdefault(("wrong", outcome), []).append(wrong.journal)
        sampler.step(2 * CHALLENGES, 2)
        if {("test", "wrong"), ("wrong", "accepted")} & records.keys():
            break
    for (key, value), journal in records.items():
        observe(sampler, value, key, (journal[0][0], journal[-1][1]), times=len(journal))


class RightChallenge:
    """A challenge under the keys the module was given: SM2 signature, proof, SM4 both ways.

    The signature is checked against the device key the platform enrolled, the proof by the platform itself.
    """

    def __init__(self, sampler: Sampler, status: ModuleStatus, public: bytes) -> None:
        self._sampler, self._status = sampler, status
        self._module = sampler.run.bench.security_module
        self._issuer = sampler.run.bench.issuer
        self._chance = sampler.run.random("challenges")
        self._verifier = Verifier(public)
        self.journal = (0, 0)

    def answered(self) -> bool:
        """Whether one fresh challenge is answered rightly in all three ways."""
        challenge, first = self._chance.randbytes(CHALLENGE_BYTES), self._sampler.run.bench.journal.count + 1
        text = enrolment_text(challenge, self._status.serial, self._status.term_id)
        try:
            right = (
                self._verifier.verify(text, self._module.sign(challenge))
                and self._issuer.believes(self._module.prove(challenge), challenge)
                and self._seals(challenge)
            )
        except ModuleRefusalError:
            right = False
        self.journal = (first, self._sampler.run.bench.journal.count)
        return right

    def _seals(self, challenge: bytes) -> bool:
        sealed = self._module.seal(challenge)
        return challenge not in sealed and self._module.unseal(sealed) == challenge


class WrongChallenge:
    """A challenge under a key the module was never given: by turns SM4 under another key, a key signed by another."""

    def __init__(self, sampler: Sampler, status: ModuleStatus, public: bytes) -> None:
        self._module, self._status = sampler.run.bench.security_module, status
        self._chance = sampler.run.random("wrong-keys")
        impostor = generate(self._chance.randbytes)
        self._signer = Signer(impostor.private, impostor.public)
        self._encryptor = Encryptor(public)
        self.journal = (0, 0)

    def accepted(self, number: int) -> bool:
        """Whether the module takes it."""
        serial = self._status.serial
        if number % 2:
            version = self._status.version + 1
            sealed_key = self._encryptor.encrypt(self._chance.randbytes(MODULE_KEY_BYTES))
            signature = self._signer.sign(injection_text(serial, version, sealed_key))
            taken = obeys(self._module.inject, Injection(serial, version, sealed_key, signature))
        else:
            key = self._chance.randbytes(CIPHER_KEY_BYTES)
            sealed = sealed_under(key, serial, self._chance.randbytes(CHALLENGE_BYTES))
            taken = obeys(self._module.unseal, sealed)
        self.journal = self._module.journal
        return taken


def alive(module: SecurityModule) -> ModuleStatus:
    """What the module says of itself.

    Raises:
        NotAssessedError: it was wiped before, which is for good.
    """
    status = module.status()
    if status.ended:
        raise NotAssessedError(
            zh=f"安全模块 {status.serial} 已被擦除，请换装新的模块",
            en=f"the security module {status.serial} was wiped before; put in a fresh one",
        )
    return status


def obeys(command: Callable[..., object], *arguments: object) -> bool:
    """Whether the module does what it is asked."""
    try:
        command(*arguments)
    except ModuleRefusalError:
        return False
    return True


def hand_over(module: SecurityModule, injection: Injection) -> None:
    """Carry a key from the platform to the module.

    Raises:
        SubjectFaultError: the module refuses it.
    """
    try:
        module.inject(injection)
    except ModuleRefusalError as refusal:
        raise SubjectFaultError(
            f"refused key version {injection.version} of the platform ({refusal.word})",
            where=CHANNEL,
            journal=refusal.journal,
        ) from refusal


def observe(sampler: Sampler, value: str, key: str, journal: tuple[int, int], times: int = 1) -> None:
    """Record what came of challenges under a key."""
    sampler.observe("challenge", value, cell={"key": key}, journal=journal, times=times)
