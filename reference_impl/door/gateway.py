"""The gateway: one request in, one answer out, in the words of the dialect it came in.

Refusals before the sender proved to know its secret prove nothing themselves; all later answers are sealed for it.
Verification takes the fast path; every other method is a job of the writer's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Protocol

from sqlalchemy import Connection

from reference_impl.access.accounts import AUTHORISED, Account, Accounts
from reference_impl.access.rate_limit import Quotas, Wait
from reference_impl.cards.persons import IDENTITY_FIELDS, open_identity_text
from reference_impl.clock import Clock, now_ms
from reference_impl.door.aside import Aside, processors
from reference_impl.door.backlog import Backlog
from reference_impl.door.methods.business_fields import check_characters
from reference_impl.door.preparing import Preparing
from reference_impl.door.question import Answer, Method, Parts, Question
from reference_impl.door.use import SCOPE, VERIFY, Use
from reference_impl.records.audit import Entry, append, detail_text
from reference_impl.records.clear_words import OTHER
from reference_impl.records.cross_province import CrossProvince
from reference_impl.refusals import (
    BAD_DIGEST,
    MALFORMED_REQUEST,
    OK,
    REPLAYED_REQUEST,
    STALE_TIMESTAMP,
    UNKNOWN_APP,
    UNKNOWN_METHOD,
    UNSUPPORTED_PROFILE,
    Outcome,
    RefusalError,
)
from reference_impl.storage.batch import Writer
from reference_impl.storage.spent import is_spent, spend, spent_key
from reference_impl.wire.errors import BadDigestError, StaleTimestampError, UnsupportedError, WireError
from reference_impl.wire.exchange import Biz, Call, Credentials, HttpAnswer, HttpRequest, Line, Profile, Request
from reference_impl.wire.written_biz import WrittenBiz

Observe = Callable[[str, str, float], None]
"""Told of every answer: method ("" where the sender proved nothing), outcome code, seconds it took."""


class Gate(Protocol):
    """Who is let in at all: limits by address, application and terminal, and locks against enumeration."""

    @property
    def quotas(self) -> Quotas:
        """What the limits are."""

    def admit_address(self, address: str) -> Wait | None:
        """Count one request before it is read; return why and how long it must wait, None if it is let in."""

    def admit(self, address: str, app_id: str, term_id: str) -> Wait | None:
        """Count one authentic request; return why and how long it must wait, None if it is let in."""

    def told(self, address: str, app_id: str, outcome: Outcome) -> None:
        """Take note of what a request was answered; ``app_id`` is "" where the sender proved nothing."""


class Gateway:
    """Answers requests of every dialect, on the event loop.

    Args:
        parts: what methods work with.
        accounts: who may call.
        writer: the way to the database.
        gate: limits.
        methods: every method but verification, by neutral name.
        clock: the platform's clock.

    Attributes:
        observe: told of every answer; whoever counts them sets it.
        backlog: what waits, and whether one more may; told of every transaction by whoever listens to the writer.
        abroad: asks whose a static code unknown here is; None where there is no national platform to ask.
        preparing: asks beforehand what may be slow.
        reword: changes the fields of an answer before it is sealed; None to seal them as they are.
    """

    def __init__(
        self,
        parts: Parts,
        accounts: Accounts,
        writer: Writer,
        gate: Gate,
        methods: Mapping[str, Method],
        clock: Clock,
    ) -> None:
        self.parts = parts
        self.accounts = accounts
        self.writer = writer
        self.gate = gate
        self.methods = methods
        self.clock = clock
        self.observe: Observe = _unseen
        self.backlog = Backlog(lambda: self.waiting)
        self.abroad: CrossProvince | None = None
        self.preparing = Preparing()
        self.reword: Callable[[Biz], Biz] | None = None
        # With one processor a second thread would only take turns with the event loop.
        self._aside = Aside(processors()) if processors() > 1 else None
        writer.more_coming = self._more_coming
        self._lines: dict[str, tuple[Account, Line]] = {}

    async def answer(self, profile: Profile, http: HttpRequest, address: str) -> HttpAnswer:
        """Answer one request, whatever it is; ``address`` is the caller's."""
        begun = perf_counter()
        now = now_ms(self.clock)
        call: Call | None = None
        try:
            call = profile.receive(http)
            account, line = self._line(profile, call)
            try:
                request = await self._aside.open(line, call, now) if self._aside and line.slow else line.open(call, now)
            except BadDigestError:
                if not self.accounts.has_other_secret(account):
                    raise
                account, line = self._line(profile, call)
                request = line.open(call, now)
        except StaleTimestampError:
            # Only an authentic request gets as far as its timestamp.
            assert call is not None  # noqa: S101 - opened, therefore received
            self.gate.told(address, account.app_id, STALE_TIMESTAMP)
            self.observe(call.method, STALE_TIMESTAMP.code, perf_counter() - begun)
            return _refused(line, call, RefusalError(STALE_TIMESTAMP, "timestamp"), now)
        except (WireError, RefusalError) as error:
            refused = error if isinstance(error, RefusalError) else as_refusal(error)
            self.gate.told(address, "", refused.outcome)
            self.observe("", refused.outcome.code, perf_counter() - begun)
            return profile.refuse(call, refused.outcome.code, refused.message, now)
        term_id = request.term_id or _only_terminal(account)
        wait = self.gate.admit(address, account.app_id, term_id)
        if wait is not None:
            self.observe(request.method, wait.outcome.code, perf_counter() - begun)
            return _refused(line, call, RefusalError(wait.outcome), now)
        serve = self._verify if request.method == VERIFY else self._serve
        result = await serve(account, request, term_id, now)
        outcome = result.outcome if isinstance(result, RefusalError) else OK
        self.gate.told(address, account.app_id, outcome)
        if isinstance(result, RefusalError):
            answer = _refused(line, call, result, now)
        else:
            # Reading what verification has already written takes time; only a platform that rewords takes it.
            biz = result if self.reword is None else self.reword(result)
            answer = line.seal(call, OK.code, OK_MESSAGE, biz, now)
        self.observe(request.method, outcome.code, perf_counter() - begun)
        return answer

    @property
    def waiting(self) -> int:
        """How many requests wait: for their signature to be checked, or for the writer."""
        return self.writer.waiting + (self._aside.under_way if self._aside else 0)

    def _more_coming(self) -> bool:
        return self._aside is not None and self._aside.under_way > 0

    def _line(self, profile: Profile, call: Call) -> tuple[Account, Line]:
        account = self.accounts.find(call.app_id)
        # On another dialect's path an application is as unknown as one that is not there: nobody may probe for names.
        if account is None or account.dialect != profile.name:
            raise RefusalError(UNKNOWN_APP)
        held = self._lines.get(account.app_id)
        if held is None or held[0] is not account:
            credentials = Credentials(account.app_id, account.secret, "", account.public_key or b"")
            held = self._lines[account.app_id] = account, profile.line(credentials)
        return held

    async def _verify(self, account: Account, request: Request, term_id: str, now: int) -> Biz | RefusalError:
        use = Use(
            self.accounts,
            self.parts.verification,
            account.app_id,
            account.org_code,
            account.secret,
            term_id,
            now,
            spent_key(request.expires_ms, request.replay_key),
            elsewhere=self.abroad is not None,
        )
        use.read(request.biz)
        await self.writer.put(use)
        if use.passed_on and self.abroad is not None:
            require = partial(self._require, account, term_id, SCOPE)
            return await _verify_abroad(self.abroad, use.record(VERIFY, OK), require)
        if use.refusal is not None:
            return use.refusal
        card, code = use.accepted()
        identity = open_identity_text(self.parts.keyring, card.mindex_id, card.sealed_identity)
        return WrittenBiz(f'{{"ehealth_card_id":"{code.card_id}","mindex_id":"{card.mindex_id}",{identity[1:]}')

    async def _serve(self, account: Account, request: Request, term_id: str, now: int) -> Biz | RefusalError:
        method = self.methods.get(request.method)
        prepared: object = None
        refused: RefusalError | None = None
        try:
            check_characters(request.biz)
            if method is not None and method.prepare is not None:
                await self._let_in(account, request, term_id, method.scope, now)
                prepared = await self.preparing.run(method.prepare, self.parts, request.biz, now)
        except RefusalError as error:
            refused = error
        # Seconds may have gone by: with an older time a card could be made active before it was closed meanwhile.
        now = now_ms(self.clock)

        def job(connection: Connection) -> Answer | RefusalError:
            present = self.accounts.find(account.app_id) or account
            op = OTHER if method is None else request.method
            entry = Entry(now, op, present.org_code, present.app_id, present.audited_terminal(term_id))
            try:
                if not spend(connection, spent_key(request.expires_ms, request.replay_key)):
                    raise RefusalError(REPLAYED_REQUEST)
                if method is None:
                    raise RefusalError(UNKNOWN_METHOD)
                present.require_secret(account.secret)
                present.require(term_id, method.scope, now)
                if refused is not None:
                    raise refused
                question = Question(
                    connection, self.parts, present, term_id, request.method, request.biz, now, prepared
                )
                with connection.begin_nested():
                    answer = method.serve(question)
            except RefusalError as error:
                append(connection, replace(entry, outcome=error.outcome.code))
                return error
            append(connection, _told(entry, answer))
            return answer

        answer = await self.writer.submit(job)
        if isinstance(answer, RefusalError):
            return answer
        return answer.biz if answer.later is None else {**answer.biz, **await asyncio.to_thread(answer.later)}

    async def _let_in(self, account: Account, request: Request, term_id: str, scope: str, now: int) -> None:
        """Refuse before anybody is asked about a person what the transaction to come would refuse anyway.

        In a transaction of its own, since keys and standing in memory follow the database from one to the next.
        """

        def job(connection: Connection) -> None:
            if is_spent(connection, spent_key(request.expires_ms, request.replay_key)):
                raise RefusalError(REPLAYED_REQUEST)
            self._require(account, term_id, scope, now)

        await self.writer.submit(job)

    def _require(self, account: Account, term_id: str, scope: str, now: int) -> None:
        present = self.accounts.find(account.app_id) or account
        present.require_secret(account.secret)
        present.require(term_id, scope, now)


OK_MESSAGE = OK.message()


def _unseen(method: str, outcome: str, seconds: float) -> None:
    del method, outcome, seconds


async def _verify_abroad(abroad: CrossProvince, asked: Entry, require: Callable[[int], None]) -> Biz | RefusalError:
    try:
        card = await abroad.verify(asked, require)
    except RefusalError as refused:
        return refused
    # No more is told of a holder from elsewhere than a window needs; ``province`` says that it is one. Reconstructed.
    told = {"name": card.name, "gender": card.gender, "birthday": card.birthday, "province": card.province}
    return {"ehealth_card_id": card.card_id, "mindex_id": "", **dict.fromkeys(IDENTITY_FIELDS, ""), **told}


def _told(entry: Entry, answer: Answer) -> Entry:
    return replace(entry, card_id=answer.card_id, actor=answer.actor, detail=detail_text(answer.detail))


def _refused(line: Line, call: Call, refused: RefusalError, now: int) -> HttpAnswer:
    return line.seal(call, refused.outcome.code, refused.message, {}, now)


def _only_terminal(account: Account) -> str:
    """Return the terminal of an application whose dialect names none: its one authorised terminal, "" if not one."""
    authorised = [term_id for term_id, state in account.terminals.items() if state == AUTHORISED]
    return authorised[0] if len(authorised) == 1 else ""


def as_refusal(error: WireError) -> RefusalError:
    """Return what the platform answers to a request that could not be opened."""
    if isinstance(error, BadDigestError):
        return RefusalError(BAD_DIGEST)
    if isinstance(error, UnsupportedError):
        return RefusalError(UNSUPPORTED_PROFILE, error.where)
    return RefusalError(MALFORMED_REQUEST, error.where)
