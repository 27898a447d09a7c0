"""What was answered stays: through kills under load, in the order of system calls, and when the disk says no."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from pytest_bdd import given, then

from rigs.errors import RigError, SubjectFaultError
from rigs.flood import Flood, Reply
from rigs.platform_link import CHANNEL
from rigs.reference_platform import ReferencePlatform
from rigs.syscall_trace import Fault, Watched, acknowledgements, hit, strace
from steps.platform.apart import UNLIMITED, Apart, apart
from steps.platform.asking import PLACE, dynamic_codes, register, static_code, verify
from steps.sampling import Sampler

VERIFY = "ehc.ehealthcode.verify"
KILLS = 1000
MOST_KILLS = 3 * KILLS
CARDS, CODES_EACH = 8, 50
LONGEST_S = 0.4
CONNECTIONS = 16
ACKNOWLEDGEMENTS, MARGIN = 10_000, 200
FAULTS_EACH = 25
ATTEMPTS = 2000
ACCEPTED, EXPIRED, REUSED = "000", "405", "406"
FAULTS = (
    Fault(("fsync", "fdatasync"), "EIO", 200, 7),
    Fault(("fsync", "fdatasync"), "ENOSPC", 200, 7),
    Fault(("pwrite64", "pwritev"), "EIO", 1500, 53),
    Fault(("pwrite64", "pwritev"), "ENOSPC", 1500, 53),
)


@given("a platform that may be killed", target_fixture="mortal")
@given("一台可随时断电的卡管平台", target_fixture="mortal")
def mortal_platform(sampler: Sampler) -> Iterator[Apart]:
    """One that nobody else uses."""
    with apart(sampler.run, *UNLIMITED) as platform:
        if platform.host is not None and platform.host.database != "sqlite":
            raise RigError(
                "it is PostgreSQL that brings this platform's records to the disk, and nobody watches its system calls",
                where=CHANNEL,
                remedy="leave `apart_server_url` out of the bench file for this row",
            )
        yield platform


@given("residents with cards on it", target_fixture="held")
@given("该平台上持卡的居民", target_fixture="held")
def holders(people: Iterator[dict[str, str]], mortal: Apart) -> list[str]:
    """Their cards."""
    with mortal.lines(1) as [line]:
        return [register(line, next(people)) for _ in range(CARDS)]


@dataclass(frozen=True)
class Killed:
    """What a kill under load left: uses that were acknowledged, and how many of them the platform knows no more."""

    acknowledged: int
    lost: int


def kill_under_load(
    platform: Apart,
    held: Sequence[str],
    chance: Random,
    strike: Callable[[], object] | None = None,
    mend: Callable[[], object] | None = None,
) -> Killed:
    """Kill a platform while many callers use codes, and show those again that were acknowledged.

    A use that was answered must still be known: its code is refused as used. A code that grew too old meanwhile, on a
    machine that was held up, is refused for that and tells nothing.

    Args:
        platform: one that nobody else uses.
        held: cards on it.
        chance: draws the moment.
        strike: what happens at that moment; the platform is killed unless told.
        mend: what brings it back; it is started again unless told.
    """
    with platform.lines(1) as [line]:
        codes = [code for card_id in held for code in dynamic_codes(line, card_id, CODES_EACH)]
    striker = threading.Timer(chance.uniform(0, LONGEST_S), strike or _host(platform).kill)
    striker.start()
    used = [codes[reply.number] for reply in _show(platform, codes) if reply.code == ACCEPTED]
    striker.join()
    (mend or _host(platform).start)()
    shown = [reply for reply in _show(platform, used) if reply.code != EXPIRED]
    return Killed(len(shown), sum(reply.code != REUSED for reply in shown))


@then("no answered record is lost when it is killed again and again at random moments under load")
@then("在负载下于随机时刻反复强制终止平台，已应答的记录无一丢失")
def kill_again_and_again(sampler: Sampler, chance: Random, mortal: Apart, held: list[str]) -> None:
    """Until so many kills had something to lose, or too many had nothing."""
    done = KILLS if sampler.failed() else 0
    for _ in range(MOST_KILLS):
        if done == KILLS:
            return
        first = mortal.journal.count + 1
        killed = kill_under_load(mortal, held, chance)
        if not killed.acknowledged:
            continue  # killed before anything was acknowledged: there was nothing to lose
        done += 1
        sampler.observe(
            "kill",
            "acknowledged_record_lost" if killed.lost else "nothing_lost",
            journal=(first, mortal.journal.count),
            detail={"acknowledged": killed.acknowledged, "lost": killed.lost},
        )
        sampler.step(KILLS)
        if killed.lost and sampler.failed():
            return


def _show(platform: Apart, codes: Iterable[str]) -> list[Reply]:
    bodies = [platform.sealed(VERIFY, {"ehealth_code": code, **PLACE}) for code in codes]
    return Flood(platform.link, CONNECTIONS).send(bodies, platform.journal)


@then("no answer leaves before its record has reached the disk")
@then("记录落盘之前不作应答")
def answers_after_records(sampler: Sampler, mortal: Apart, held: list[str]) -> None:
    """Told from the platform's system calls, with several callers whose records share a sync."""
    host = _host(mortal)
    with tempfile.TemporaryDirectory(prefix="xiangka-trace-") as folder:
        trace = Path(folder) / "trace"
        host.kill()
        host.start(strace(trace))
        with mortal.lines(1) as [line]:
            code = static_code(line, held[0])
        _show(mortal, [code] * (ACKNOWLEDGEMENTS + MARGIN))
        host.kill()
        with trace.open(encoding="utf-8", errors="replace") as lines:
            found = Counter(acknowledgements(lines))
    host.start()
    for durable, times in found.items():
        sampler.observe("acknowledgement", "durable" if durable else "before_durable", times=times)


@then("an error of the disk becomes an error to the caller, and never a loss")
@then("磁盘出错时向调用方报错，绝不静默丢失")
def disk_errors(sampler: Sampler, mortal: Apart, held: list[str]) -> None:
    """One caller at a time, so that it is known whose request met the error."""
    host = _host(mortal)
    for fault in () if sampler.failed() else FAULTS:
        with tempfile.TemporaryDirectory(prefix="xiangka-trace-") as folder:
            trace = Path(folder) / "trace"
            host.kill()
            host.start(strace(trace, fault))
            watched = Watched(trace)
            try:
                _meet_errors(sampler, mortal, held[0], fault, watched)
            finally:
                watched.close()
                host.kill()
    host.start()


def _meet_errors(sampler: Sampler, mortal: Apart, card_id: str, fault: Fault, watched: Watched) -> None:
    with mortal.lines(1) as [line]:
        code = static_code(line, card_id)
        met = 0
        for _ in range(ATTEMPTS):
            watched.news()
            try:
                answer = verify(line, code)
                accepted, said = answer.accepted, answer.code or str(answer.status)
            except SubjectFaultError:
                accepted, said = False, "no answer"
                _until_back(_host(mortal))
            news = watched.answered() if accepted else watched.news()
            # Upkeep and checkpoints meet errors too: what is asked is whether this use was logged before its answer.
            if not hit(news) or (accepted and all(acknowledgements(news))):
                continue
            sampler.observe(
                "storage_error",
                "silent_loss" if accepted else "error_to_client",
                cell={"call": fault.calls[-1], "error": fault.error},
                detail={"answer": said},
            )
            met += 1
            if met == FAULTS_EACH or (accepted and sampler.failed()):
                return


def _until_back(host: ReferencePlatform) -> None:
    """A platform that stops cleanly on a failing disk is no loss: it is started again, its faults with it gone."""
    time.sleep(0.2)
    if not host.running:
        host.start()


def _host(platform: Apart) -> ReferencePlatform:
    if platform.host is None:
        raise RigError(
            "the bench does not run the platform", where=CHANNEL, remedy="use a platform that the bench starts"
        )
    return platform.host
