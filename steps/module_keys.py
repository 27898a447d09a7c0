"""The life of a security module's keys: rotated, replayed, looked for, destroyed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pytest_bdd import then, when

from reference_impl.wire.terminal_module import CHALLENGE_BYTES, Injection, Proof
from rigs.key_search import Deeds, key_bytes_in
from rigs.roles.security import ModuleRefusalError
from steps.sampling import Sampler
from steps.security_module import alive, hand_over, obeys

REPLAYS = 20
BEFORE_WIPE = 10
LIMIT_S = 60.0
POLL_S = 0.5
PLANNED = 3 + REPLAYS


@dataclass
class Rotation:
    """What is left of two keys given one after the other.

    Attributes:
        serial: of the module.
        message: what both keys proved.
        injections: the messages that carried them.
        proofs: what each of them proved.
        sealed: what each of them sealed.
        begun: how many answers the module had given before.
    """

    serial: str
    message: bytes
    begun: int
    injections: list[Injection] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    sealed: list[bytes] = field(default_factory=list)


@when("the platform gives it a new key and then the next", target_fixture="rotation")
@when("卡管平台先后为其注入新密钥和下一版密钥", target_fixture="rotation")
def rotate(sampler: Sampler) -> Rotation:
    """Timed is the second: from asking the platform for it to the platform believing a proof under it."""
    bench = sampler.run.bench
    module = bench.security_module
    serial = alive(module).serial
    message = sampler.run.random("rotation").randbytes(CHALLENGE_BYTES)
    rotation = Rotation(serial, message, len(module.heard()))
    for _ in range(2):
        first, start = bench.journal.count + 1, time.monotonic()
        injection = bench.issuer.next_key(serial)
        hand_over(module, injection)
        proof, seconds, uncertainty = _proved(sampler, rotation.message, start)
        rotation.injections.append(injection)
        if proof is not None:
            rotation.proofs.append(proof)
            rotation.sealed.append(module.seal(message))
    sampler.observe(
        "key_activation_time",
        round(seconds, 3),
        unit="s",
        uncertainty=round(uncertainty, 3),
        journal=(first, bench.journal.count),
        detail={"key_version": injection.version},
    )
    sampler.step(PLANNED)
    return rotation


@then("after its grace the older key is used no more")
@then("宽限期过后，旧密钥不再使用")
def older_key(sampler: Sampler, rotation: Rotation) -> None:
    """Asked for by its version, with the very message it has proved before."""
    module = sampler.run.bench.security_module
    time.sleep(module.grace_s)
    older = rotation.injections[0].version
    try:
        given = module.prove(rotation.message, older)
        used = given.version == older or given.mac in [proof.mac for proof in rotation.proofs[:1]]
    except ModuleRefusalError:
        used = False
    sampler.observe(
        "old_key_after_grace",
        "accepted" if used else "refused",
        journal=module.journal,
        detail={"key_version": older, "grace_s": module.grace_s},
    )
    sampler.step(PLANNED)


@then("an older injection is refused")
@then("旧的注入报文被拒绝")
def replayed(sampler: Sampler, rotation: Rotation) -> None:
    """Half of the replays; the others come after the wipe."""
    _replay(sampler, rotation.injections[:1], BEFORE_WIPE, wiped=False)


@then("no byte of a key can be read from it")
@then("从中读不出密钥的任何字节")
def nothing_to_read(sampler: Sampler, rotation: Rotation) -> None:
    """Every answer of the row is searched, those to commands of reading before all.

    Left out is what was proved to be something else: its public key, and proofs the platform believed.
    """
    bench, module = sampler.run.bench, sampler.run.bench.security_module
    first = bench.journal.count + 1
    asked = sum(1 for _ in module.try_to_read())
    known = {module.public_key(), *(_answer(proof) for proof in rotation.proofs), *rotation.sealed}
    said = [answer for answer in module.heard()[rotation.begun :] if answer not in known]
    deeds = Deeds(
        module.public_key(),
        tuple((proof, rotation.message) for proof in rotation.proofs),
        tuple((rotation.serial, sealed) for sealed in rotation.sealed),
    )
    sampler.observe(
        "readable_key_bytes",
        key_bytes_in(said, deeds),
        journal=(first, bench.journal.count),
        detail={"commands": asked, "searched_bytes": sum(len(answer) for answer in said)},
    )
    sampler.step(PLANNED)


@when("the platform has it wiped")
@when("卡管平台下令擦除该模块")
def wiped(sampler: Sampler, rotation: Rotation) -> None:
    """For good: neither key may do anything any more."""
    bench, module = sampler.run.bench, sampler.run.bench.security_module
    order = bench.issuer.wipe(rotation.serial)
    obeys(module.wipe, order)
    uses: tuple[tuple[Callable[..., object], tuple[object, ...]], ...] = (
        (module.prove, (rotation.message,)),
        (module.prove, (rotation.message, rotation.injections[1].version)),
        (module.seal, (rotation.message,)),
    )
    for use, arguments in uses:
        value = "accepted" if obeys(use, *arguments) else "refused"
        sampler.observe("key_after_wipe", value, journal=module.journal)


@then("neither injection brings a key back")
@then("两份注入报文均不能恢复密钥")
def replayed_after_wipe(sampler: Sampler, rotation: Rotation) -> None:
    """The other half of the replays, of either key by turns."""
    _replay(sampler, rotation.injections, REPLAYS - BEFORE_WIPE, wiped=True)


def _proved(sampler: Sampler, message: bytes, start: float) -> tuple[Proof | None, float, float]:
    """The first proof the platform believes, how long after ``start``, and half of what lies within, s."""
    bench = sampler.run.bench
    while True:
        asked = time.monotonic()
        try:
            proof = bench.security_module.prove(message)
            believed = bench.issuer.believes(proof, message)
        except ModuleRefusalError:
            believed = False
        now = time.monotonic()
        if believed:
            return proof, now - start, (now - asked) / 2
        if now - start > LIMIT_S + 1:
            return None, now - start, (now - asked) / 2
        time.sleep(POLL_S)


def _replay(sampler: Sampler, injections: Sequence[Injection], times: int, *, wiped: bool) -> None:
    """Send old injections again; one is refused when the module says so and its active key stays as it was."""
    module = sampler.run.bench.security_module
    for number in range(times):
        before = module.status()
        taken = obeys(module.inject, injections[number % len(injections)])
        journal = module.journal
        taken = taken or module.status() != before
        sampler.observe(
            "injection_replay",
            "accepted" if taken else "refused",
            cell={"moment": "after the wipe" if wiped else "under the next key"},
            journal=journal,
        )
        sampler.step(PLANNED)
        if taken:
            return


def _answer(proof: Proof) -> bytes:
    return proof.version.to_bytes(4) + proof.mac
