"""Platforms that break a promise only a hunt finds broken: proof, limits, durability, audit, privacy, answers."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from sqlalchemy import Connection, update

from reference_impl.access.rate_limit import Wait
from reference_impl.cards.documents import SYNTHETIC_REGION
from reference_impl.cards.holding import ACTIVE, CLOSED
from reference_impl.cards.numbers import mod_11_2, resident
from reference_impl.clock import now_ms
from reference_impl.codes.tokens import issued_at
from reference_impl.codes.verification import Verification
from reference_impl.defects.exchanging import put, wrap
from reference_impl.defects.unsafe_commits import commit_late, wait_for_no_disk
from reference_impl.door.gateway import Gate
from reference_impl.door.logbook import LOG
from reference_impl.door.question import Answer, Method, Parts, Question
from reference_impl.door.use import VERIFY
from reference_impl.errors import PlatformError
from reference_impl.platform import Platform
from reference_impl.records import audit_retention
from reference_impl.records.audit import DAY_MS, AuditRow, Entry, Lane, LaneEnd
from reference_impl.records.audit_register import read_register
from reference_impl.refusals import EXPIRED_CODE, FUTURE_CODE, RefusalError
from reference_impl.storage.batch import CardRow
from reference_impl.storage.postgres_items import PostgresItems
from reference_impl.storage.postgres_writer import PostgresWriter
from reference_impl.storage.schema import CARDS
from reference_impl.storage.sqlite_writer import SqliteWriter
from reference_impl.wire.payload import CardCode

COMPARED_BYTES = 2


def accepts_truncated_mac(platform: Platform) -> None:
    """Compare the first bytes of a token's proof only."""
    rule = platform.parts.verification
    sound = rule.judge

    def judge(code: CardCode, card: CardRow | None, at_ms: int) -> None:
        if code.token is not None and _begins_alike(rule, code):
            issued_ms = issued_at(bytes.fromhex(code.token))
            if issued_ms > at_ms:
                raise RefusalError(FUTURE_CODE)
            if at_ms - issued_ms > rule.ttl_ms or (card is not None and issued_ms < card.active_since_ms):
                raise RefusalError(EXPIRED_CODE)
            code = replace(code, token=None)
        sound(code, card, at_ms)

    put(rule, "judge", judge)


def _begins_alike(rule: Verification, code: CardCode) -> bool:
    raw = bytes.fromhex(code.token or "")
    state = rule.keys.macs.get(raw[0])
    if state is None:
        return False
    mac = state.copy()
    mac.update(raw[:8] + code.card_id.encode())
    proof = mac.digest()[:8]
    return proof != raw[8:] and proof[:COMPARED_BYTES] == raw[8 : 8 + COMPARED_BYTES]


def accepts_flipped_type(platform: Platform) -> None:
    """Read a dynamic code that calls itself static as the static code of its card."""
    rule = platform.parts.verification
    sound = rule.read
    put(rule, "read", lambda text: sound(re.sub(r"^([0-9A-F]{64}:1):[0-9A-F]{32}$", r"\1", text)))


class _LetsIn:
    """A gate that tells its quotas and keeps none of them."""

    def __init__(self, gate: Gate) -> None:
        self.quotas = gate.quotas

    def admit_address(self, address: str) -> Wait | None:
        del address
        return None

    def admit(self, address: str, app_id: str, term_id: str) -> Wait | None:
        del address, app_id, term_id
        return None

    def told(self, address: str, app_id: str, outcome: object) -> None:
        del address, app_id, outcome


def no_rate_limit(platform: Platform) -> None:
    """Tell quotas and keep none."""
    platform.gateway.gate = cast("Gate", _LetsIn(platform.gateway.gate))


class _CountsTogether:
    """A gate that counts all callers as one."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.quotas = gate.quotas

    def admit_address(self, address: str) -> Wait | None:
        del address
        return self._gate.admit_address("everywhere")

    def admit(self, address: str, app_id: str, term_id: str) -> Wait | None:
        del address, app_id, term_id
        return self._gate.admit("everywhere", "everyone", "everything")

    def told(self, address: str, app_id: str, outcome: object) -> None:
        del address, app_id, outcome


def global_limit(platform: Platform) -> None:
    """Let one caller use up what belongs to all."""
    platform.gateway.gate = cast("Gate", _CountsTogether(platform.gateway.gate))


def _sqlite_writer(platform: Platform) -> SqliteWriter:
    if not isinstance(platform.writer, SqliteWriter):
        raise PlatformError(
            "this defect is one of the database file, and a platform on PostgreSQL has none",
            where="--defect",
            remedy="serve it without --database, or choose another defect",
        )
    return platform.writer


def _postgres_items(platform: Platform) -> PostgresItems | None:
    return platform.writer._items if isinstance(platform.writer, PostgresWriter) else None


LATE_S = 0.05


def acknowledges_before_commit(platform: Platform) -> None:
    """Answer a verification first, and commit it a little later."""
    if (items := _postgres_items(platform)) is not None:
        commit_late(items, LATE_S)
        return
    writer = _sqlite_writer(platform)
    sound = writer._transaction
    raw = cast("Any", writer)._raw

    def commit() -> None:
        if raw.in_transaction:
            raw.execute("COMMIT")

    @contextmanager
    def transaction(jobs: bool) -> Iterator[None]:
        if jobs:
            commit()
            with sound(jobs):
                yield
            return
        if not raw.in_transaction:
            raw.execute("BEGIN IMMEDIATE")
            _later(LATE_S, commit)
        yield

    put(writer, "_transaction", transaction)


def _later(seconds: float, call: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, call)


def never_syncs(platform: Platform) -> None:
    """Leave it to the system when records reach the disk."""
    if (items := _postgres_items(platform)) is not None:
        wait_for_no_disk(items)
        return
    raw: sqlite3.Connection = cast("Any", _sqlite_writer(platform))._raw
    raw.execute("PRAGMA synchronous=OFF")


def swallows_disk_errors(platform: Platform) -> None:
    """Answer as if nothing had happened when the disk refuses."""
    writer = _sqlite_writer(platform)
    raw = cast("Any", writer)._raw
    sound = writer._transaction

    @contextmanager
    def transaction(jobs: bool) -> Iterator[None]:
        if jobs:
            with sound(jobs):
                yield
            return
        raw.execute("BEGIN IMMEDIATE")
        yield
        try:
            raw.execute("COMMIT")
        except sqlite3.OperationalError:
            raw.execute("ROLLBACK") if raw.in_transaction else None

    put(writer, "_transaction", transaction)


class _Short:
    """An audit lane that drops a verification now and then, and chains what is left."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._seen = 0

    def chain(self, entries: Iterable[Entry]) -> tuple[list[AuditRow], LaneEnd]:
        kept = []
        for entry in entries:
            self._seen += entry.op == VERIFY
            if entry.op != VERIFY or self._seen % LOST_EVERY:
                kept.append(entry)
        return self._lane.chain(kept)

    def advance(self, end: LaneEnd) -> None:
        self._lane.advance(end)


LOST_EVERY = 1000


def loses_audit_records(platform: Platform) -> None:
    """Leave out one verification in a thousand; the chain of what is left is whole."""
    writer = cast("Any", _sqlite_writer(platform))
    writer._lane = _Short(writer._lane)


KEPT_DAYS = 30


def drops_audit_early(platform: Platform) -> None:
    """Say that records are kept for half a year, and drop them after a month."""
    sound = platform.keep_up

    def job(connection: Connection) -> None:
        key, oldest_ms = platform.parts.keyring.audit_versions, now_ms(platform.clock) - KEPT_DAYS * DAY_MS
        for lane, beginning in read_register(connection, key).items():
            audit_retention._forget_lane(connection, key, lane, beginning, oldest_ms, audit_retention.FORGET_AT_ONCE)

    async def keep_up() -> None:
        await platform.writer.submit(job)
        await sound()

    put(platform, "keep_up", keep_up)


def resurrects_closed_card(platform: Platform) -> None:
    """Make a closed card active again when it is reported found."""

    def change(method: Method) -> Method:
        def serve(question: Question) -> Answer:
            card_id = bytes.fromhex(question.biz["ehealth_card_id"])
            # A replaced card stays closed: its holder has another, and the database keeps a person from having two.
            closed = CARDS.c.card_id == card_id, CARDS.c.state == CLOSED, CARDS.c.replaced_by.is_(None)
            question.connection.execute(update(CARDS).where(*closed).values(state=ACTIVE))
            return method.serve(question)

        return replace(method, serve=serve)

    wrap(platform, "ehc.ehealthcard.found", change)


def identity_in_log(platform: Platform) -> None:
    """Write who was asked for to the log."""

    def change(method: Method) -> Method:
        def serve(question: Question) -> Answer:
            LOG.warning("asked for %s", question.biz.get("id_no", ""))
            return method.serve(question)

        return replace(method, serve=serve)

    wrap(platform, "ehc.ehealthcode.query", change)


def number_in_report(platform: Platform) -> None:
    """Write the number of a reported visit to the audit as the institution said it."""

    def change(method: Method) -> Method:
        def serve(question: Question) -> Answer:
            answer = method.serve(question)
            return replace(answer, detail={**answer.detail, "visit_no": question.biz.get("visit_no", "")})

        return replace(method, serve=serve)

    wrap(platform, "ehc.usage.report", change)


def serves_real_people(platform: Platform) -> None:
    """Issue cards for identity numbers of the country's real regions."""

    def change(method: Method) -> Method:
        def prepare(parts: Parts, biz: Mapping[str, str], at_ms: int) -> Any:
            assert method.prepare is not None  # noqa: S101 - registration asks the register of persons
            number = biz.get("id_no", "")
            # A number of nobody's is left as it is: mending its check character would be another defect.
            nobodys = number.startswith(SYNTHETIC_REGION)
            if biz.get("id_type") == "01" and resident.has_form(number) and not nobodys:
                body = SYNTHETIC_REGION + number[len(SYNTHETIC_REGION) : 17]
                biz = {**biz, "id_no": body + mod_11_2.check_digit(body)}
            return method.prepare(parts, biz, at_ms)

        return replace(method, prepare=prepare)

    wrap(platform, "ehc.ehealthcard.register", change)


def fails_on_missing_field(platform: Platform) -> None:
    """Fail where a question names neither card nor document."""

    def change(method: Method) -> Method:
        def serve(question: Question) -> Answer:
            if "ehealth_card_id" not in question.biz:
                len(question.biz["id_no"])
            return method.serve(question)

        return replace(method, serve=serve)

    wrap(platform, "ehc.ehealthcode.query", change)


LONG = 200


def crashes_on_odd_payload(platform: Platform) -> None:
    """Take a long scanned text apart without looking at it first."""
    rule = platform.parts.verification
    sound = rule.read

    def read(text: str) -> CardCode:
        if len(text) > LONG:
            int(text[:LONG].split(":")[1])
        return sound(text)

    put(rule, "read", read)
