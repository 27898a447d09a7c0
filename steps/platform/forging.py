"""Forged codes by the hundred thousand, among genuine ones that must go on being accepted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from random import Random

from pytest_bdd import when

from fixtures.forgeries import Forgery, Genuine, forgeries
from rigs.errors import RigError, SubjectFaultError
from rigs.flood import Flood, Reply
from rigs.platform_link import CHANNEL
from steps.platform.apart import UNLIMITED, Apart, apart
from steps.platform.asking import LOCKED_OUT, PLACE, dynamic_codes, register, verify
from steps.sampling import Sampler

VERIFY = "ehc.ehealthcode.verify"
FORGED = 100_000
BATCH = 2500
"""Forgeries made from one set of genuine codes, which must not grow old before the last of them is shown."""
CONNECTIONS = 16
CARDS, CODES_EACH = 8, 8
ACCEPTED = "000"


@when("a hundred thousand forged codes are shown over several connections")
@when("经多个连接出示十万个伪造码")
def show_forgeries(sampler: Sampler, people: Iterator[dict[str, str]], chance: Random) -> None:
    """After each batch a genuine code is shown too: a platform that refuses everything proves nothing."""
    with apart(sampler.run, *UNLIMITED) as platform, platform.lines(1) as [line]:
        flood = Flood(platform.link, CONNECTIONS)
        held = [register(line, next(people)) for _ in range(CARDS)]
        for _ in range(FORGED // BATCH):
            codes = [code for card_id in held for code in dynamic_codes(line, card_id, CODES_EACH)]
            control = codes.pop()
            genuine = [Genuine.read(code) for code in codes]
            _show(sampler, platform, flood, list(islice(forgeries(genuine, chance), BATCH)))
            if not (answer := verify(line, control)).accepted:
                raise SubjectFaultError(
                    f"refused a genuine code among the forged ones ({answer.code})",
                    where=CHANNEL,
                    journal=answer.journal,
                )
            sampler.step(FORGED, BATCH)
            if sampler.failed():
                return


def _show(sampler: Sampler, platform: Apart, flood: Flood, forged: list[Forgery]) -> None:
    before = sampler.run.bench.journal.count
    bodies = (platform.sealed(VERIFY, {"ehealth_code": one.text, **PLACE}) for one in forged)
    replies = flood.send(bodies, sampler.run.bench.journal)
    journal = (before + 1, sampler.run.bench.journal.count)
    for (family, value, answer), times in _outcomes(forged, replies).items():
        sampler.observe(
            "forged_code", value, cell={"forgery": family}, journal=journal, detail={"answer": answer}, times=times
        )
    for status, times in Counter(reply.status for reply in replies).items():
        sampler.observe("http_status", str(status), journal=journal, times=times)


def _outcomes(forged: list[Forgery], replies: list[Reply]) -> Counter[tuple[str, str, str]]:
    """How often each family came to each outcome; what had no answer was not refused, and is nobody's trial."""
    found = Counter[tuple[str, str, str]]()
    for one, reply in zip(forged, replies, strict=True):
        if reply.code == LOCKED_OUT:
            raise RigError(
                "has locked the bench out for too many forged codes",
                where=CHANNEL,
                remedy="let the platform take more of them from the bench's address",
            )
        if not reply.status:
            raise SubjectFaultError("left a forged code without an answer", where=CHANNEL)
        value = "accepted" if reply.code == ACCEPTED else "refused" if reply.code else "no_envelope"
        found[one.family, value, reply.code or str(reply.status)] += 1
    return found
