"""A verification on its way through a batch: who asks, what was scanned, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from reference_impl.access.accounts import Accounts
from reference_impl.codes.verification import Verification
from reference_impl.door.methods.business_fields import audited, check_characters, chosen, required
from reference_impl.records.audit import Entry, detail_text
from reference_impl.records.cross_province import ASK
from reference_impl.refusals import (
    OK,
    REPLAYED_REQUEST,
    REUSED_CODE,
    UNKNOWN_APP,
    UNKNOWN_CARD,
    Outcome,
    RefusalError,
)
from reference_impl.storage.batch import CardRow
from reference_impl.wire.codetables import CHANNELS, STEPS
from reference_impl.wire.payload import STATIC, CardCode

VERIFY = "ehc.ehealthcode.verify"
SCOPE = "verify"


@lru_cache(maxsize=4096)
def _detail(channel: str, step: str, terminalcode: str) -> str:
    return detail_text({"channel": channel, "step": step, "terminalcode": terminalcode})


@dataclass(slots=True)
class Use:
    """One request to verify a code; an ``Item`` of the writer's.

    Attributes:
        app_id, org_code, term_id: who asks.
        secret: with which the request proved authentic.
        now_ms: when, Unix ms.
        request_key: spent whatever comes of it.
        elsewhere: whether there is somebody to ask whose a static code is that is unknown here.
        code: what was scanned, None where it could not be read.
        card: the card, once looked up.
        refusal: why it was refused, None if it was accepted.
        detail: what the audit says beside.
        audited_terminal: what the audit calls the terminal.
    """

    accounts: Accounts
    verification: Verification
    app_id: str
    org_code: str
    secret: str = field(repr=False)
    term_id: str
    now_ms: int
    request_key: bytes
    elsewhere: bool = False
    code: CardCode | None = None
    card_id: bytes | None = None
    token_key: bytes | None = None
    card: CardRow | None = None
    refusal: RefusalError | None = None
    detail: str = "{}"
    audited_terminal: str = ""

    def read(self, biz: Mapping[str, str]) -> None:
        """Read the business fields; what is wrong with them becomes the refusal."""
        try:
            check_characters(biz)
            step = chosen(required(biz, "medstepcode"), STEPS, "medstepcode")
            channel = chosen(required(biz, "channelcode"), CHANNELS, "channelcode")
            terminal = audited(biz, "terminalcode")
            self.detail = _detail(channel, step, terminal)
            self.code = self.verification.read(required(biz, "ehealth_code"))
        except RefusalError as refused:
            self.refusal = refused
            return
        self.card_id = bytes.fromhex(self.code.card_id)

    def decide(self, card: CardRow | None) -> None:
        """Come to a decision; standing and keys are those of the present epoch."""
        self.card = card
        try:
            account = self.accounts.find(self.app_id)
            if account is None:
                raise RefusalError(UNKNOWN_APP)
            self.audited_terminal = account.audited_terminal(self.term_id)
            account.require_secret(self.secret)
            account.require(self.term_id, SCOPE, self.now_ms)
            if self.code is not None and self.refusal is None:
                self.verification.judge(self.code, card, self.now_ms)
                self.token_key = self.verification.token_key(self.code)
        except RefusalError as refused:
            self.refusal = refused

    def settle(self, *, replayed: bool, reused: bool) -> Entry:
        """Take in what was spent before, and return the record of the outcome, or that somebody else is asked."""
        if replayed:
            self.refusal = RefusalError(REPLAYED_REQUEST)
        elif reused:
            self.refusal = RefusalError(REUSED_CODE)
        if self.passed_on:
            return self.record(ASK, OK)
        return self.record(VERIFY, OK if self.refusal is None else self.refusal.outcome)

    @property
    def passed_on(self) -> bool:
        """Whether somebody else is asked: then the outcome is known, and on record, once they have answered."""
        unknown = self.refusal is not None and self.refusal.outcome is UNKNOWN_CARD
        return self.elsewhere and unknown and self.code is not None and self.code.code_type == STATIC

    def record(self, op: str, outcome: Outcome) -> Entry:
        """Return the record of an outcome."""
        return Entry(
            self.now_ms,
            op,
            self.org_code,
            self.app_id,
            self.audited_terminal,
            "" if self.code is None else self.code.card_id,
            outcome.code,
            "",
            self.detail,
        )

    def accepted(self) -> tuple[CardRow, CardCode]:
        """Return card and code of a use that was not refused."""
        assert self.card is not None and self.code is not None  # noqa: S101, PT018 - else it would have been refused
        return self.card, self.code
