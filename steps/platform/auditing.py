"""The audit against everything that was asked, and against whoever changes it afterwards."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from pytest_bdd import given, then, when

from rigs.audit_tampering import CHANGES, DATABASE, record_hash, says_whole, tampered
from rigs.drivers.platform_api import TurnedClock
from rigs.errors import RigError, SubjectFaultError
from rigs.flood import Flood
from rigs.platform_link import CHANNEL
from rigs.reference_platform import ReferencePlatform
from steps.platform.apart import UNLIMITED, Apart, apart
from steps.platform.asking import PLACE, dynamic_codes, register, static_code
from steps.sampling import Sampler

OPERATIONS = 10_000
CARDS = 40
CONNECTIONS = 16
RETENTION_DAYS = 180
BEFORE_ITS_END_S = 3600.0
VERIFY, QUERY = "ehc.ehealthcode.verify", "ehc.ehealthcode.query"

Trace = tuple[str, str, str, str]
"""Operation, card or tag, terminal, outcome: what an operation must leave in the audit."""


@given("a platform whose data can be copied", target_fixture="audited")
@given("一台可复制其数据的卡管平台", target_fixture="audited")
def audited_platform(sampler: Sampler) -> Iterator[Apart]:
    """One that nobody else uses, so that all that happens to it is known."""
    with apart(sampler.run, *UNLIMITED) as platform:
        yield platform


@when("ten thousand operations are done, good and bad ones", target_fixture="traces")
@when("执行一万次操作，其中有应准的也有应拒的", target_fixture="traces")
def operate(sampler: Sampler, people: Iterator[dict[str, str]], chance: Random, audited: Apart) -> Counter[Trace]:
    """Returns what each answered operation must have left."""
    with audited.lines(1) as [line]:
        held = [register(line, next(people)) for _ in range(CARDS)]
        codes = [static_code(line, card_id) for card_id in held]
        codes += [code for card_id in held for code in dynamic_codes(line, card_id, 2)]
    asked: list[tuple[str, str, str, bytes]] = []
    terminals = [audited.credentials.at(term_id) for term_id in audited.credentials.terminals]
    tags = (f"A{number:06d}" for number in count(1))
    for _ in range(OPERATIONS):
        sender = chance.choice(terminals)
        if chance.random() < 0.9:
            subject = next(tags)
            code = chance.choice(codes) if chance.random() < 0.9 else "0" * 64 + ":1"
            method, fields = VERIFY, {"ehealth_code": code, **PLACE, "terminalcode": subject}
        else:
            subject = chance.choice(held)
            method, fields = QUERY, {"ehealth_card_id": subject}
        asked.append((method, subject, sender.term_id, audited.sealed(method, fields, sender)))
    replies = Flood(audited.link, CONNECTIONS).send((body for *_, body in asked), sampler.run.bench.journal)
    sampler.step(OPERATIONS, OPERATIONS)
    if unanswered := sum(not reply.code for reply in replies):
        raise SubjectFaultError(f"left {unanswered} operations without an answer", where=CHANNEL)
    return Counter(
        (method, subject, term_id, reply.code)
        for (method, subject, term_id, _), reply in zip(asked, replies, strict=True)
    )


@then("the audit holds a record of each, and its chain recomputes")
@then("审计中各有一条记录，且链可重算")
def complete(sampler: Sampler, audited: Apart, traces: Counter[Trace]) -> None:
    """Recomputed here, from the record's documented form, without any code of the platform."""
    records = _export(audited)
    whole, broken = _recomputed(records)
    found = Counter(_trace(record) for record in whole)
    present, missing = (traces & found).total(), (traces - found).total()
    sampler.observe("audit_record", "present", times=present) if present else None
    for trace in list((traces - found).elements())[:20]:
        sampler.observe(
            "audit_record", "missing", detail={"operation": trace[0], "terminal": trace[2], "outcome": trace[3]}
        )
    if missing > 20:
        sampler.observe("audit_record", "missing", times=missing - 20)
    if broken:
        sampler.observe("audit_record", "missing", detail={"why": "its hash does not recompute"}, times=broken)


def _export(platform: Apart) -> list[dict[str, Any]]:
    api = platform.api()
    try:
        return api.audit_records()
    finally:
        api.close()


def _trace(record: dict[str, Any]) -> Trace:
    tag = record["detail"].get("terminalcode", "") if record["op"] == VERIFY else record["card_id"].upper()
    return record["op"], tag, record["term_id"], record["outcome"]


def _recomputed(records: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """The records that stand in an unbroken chain from the first of their lane, and how many do not."""
    lanes: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        lanes[record["lane"]].append(record)
    whole: list[dict[str, Any]] = []
    for lane in lanes.values():
        head, expected = lane[0]["prev"], lane[0]["seq"]
        for record in lane:
            if (record["seq"], record["prev"], record["hash"]) != (expected, head, record_hash(record)):
                break
            whole.append(record)
            head, expected = record["hash"], expected + 1
    return whole, len(records) - len(whole)


@then("whatever is changed in a copy of the data is found")
@then("对数据副本的任何改动均被发现")
def tampering_found(sampler: Sampler, audited: Apart) -> None:
    """An untouched copy must be found whole, or the check would be worth nothing."""
    host = _host(audited)
    host.kill()
    try:
        with tempfile.TemporaryDirectory(prefix="xiangka-audit-") as folder:
            if not says_whole(tampered(host.data, Path(folder) / "untouched", lambda _: None)):
                raise SubjectFaultError("finds an untouched audit tampered with", where=CHANNEL)
            for number, (name, change) in enumerate(CHANGES.items()):
                copy = tampered(host.data, Path(folder) / f"changed-{number}", change)
                sampler.observe("audit_tampering", "overlooked" if says_whole(copy) else "found", cell={"change": name})
    finally:
        host.start()


def _host(platform: Apart) -> ReferencePlatform:
    if platform.host is None or not (platform.host.data / DATABASE).is_file():
        raise RigError(
            "the bench cannot reach the platform's database file",
            where=CHANNEL,
            remedy="use a platform that the bench starts, on a file of its own",
        )
    return platform.host


@then("its records are still there just before half a year has passed")
@then("将满半年时，这些记录仍在")
def retained(sampler: Sampler, audited: Apart, traces: Counter[Trace]) -> None:
    """The clock is turned, and the platform started again, which is when it tidies up."""
    api = audited.api()
    try:
        said = api.tell("GET", "/api/v1/audit/check", role="auditor")
        sampler.observe("audit_retention", said.content["retention_days"], unit="d", cell={"by": "its word"})
        if not sampler.run.bench.clock.turns:
            return
        clock = TurnedClock(audited.link, api)
        clock.pass_seconds(RETENTION_DAYS * 86_400 - BEFORE_ITS_END_S)
        host = _host(audited)
        host.kill()
        host.start()
        clock.read()
        kept = (traces & Counter(_trace(record) for record in api.audit_records())).total()
    finally:
        api.close()
    days = RETENTION_DAYS if kept == traces.total() else 0
    sampler.observe("audit_retention", days, unit="d", cell={"by": "turned clock"}, detail={"records kept": kept})
