"""Platforms that decide wrongly: who gets a card, which code is good, who may ask, who may see."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from sqlalchemy import update

from reference_impl.access.accounts import AUTHORISED, Account
from reference_impl.access.scopes import SCOPES
from reference_impl.cards.documents import Document
from reference_impl.cards.holding import ACTIVE, CLOSED, find_by_id
from reference_impl.cards.numbers import mod_11_2, resident
from reference_impl.cards.real_name import Answer as Register
from reference_impl.cards.real_name import Authenticated
from reference_impl.codes.tokens import TokenKeys
from reference_impl.codes.verification import Verification
from reference_impl.defects.exchanging import put, wrap
from reference_impl.door.question import Answer, Method, Parts, Question
from reference_impl.platform import Platform
from reference_impl.records import consents
from reference_impl.records.china_time import DAY_MS
from reference_impl.refusals import RefusalError
from reference_impl.storage.batch import CardRow
from reference_impl.storage.schema import CARDS
from reference_impl.wire.exchange import Biz, Request
from reference_impl.wire.payload import CardCode

Verifying = Callable[[Account, Request, str, int], Awaitable[Biz | RefusalError]]

REGISTER = "ehc.ehealthcard.register"

_EXPIRY_BYTES = 6
"""A spent key begins with the time after which it may be forgotten."""

_CARD_ID = 64
"""Characters of the card id, with which every code begins."""


def _prepared(method: Method, parts: Parts, biz: Mapping[str, str], now_ms: int) -> Authenticated:
    """What a sound registration finds out before it begins."""
    assert method.prepare is not None  # noqa: S101 - registration asks the register of persons
    found: Authenticated = method.prepare(parts, biz, now_ms)
    return found


def card_a_channel(platform: Platform) -> None:
    def change(method: Method) -> Method:
        def prepare(parts: Parts, biz: Mapping[str, str], now_ms: int) -> Authenticated:
            found = _prepared(method, parts, biz, now_ms)
            channel = biz.get("channelcode", "").encode()
            return replace(found, document=replace(found.document, person_text=found.document.person_text + channel))

        return replace(method, prepare=prepare)

    wrap(platform, REGISTER, change)


def no_clerk(platform: Platform) -> None:
    def change(method: Method) -> Method:
        def serve(question: Question) -> Answer:
            clerk = question.biz.get("clerk_id") or "nobody"
            return method.serve(replace(question, biz={**question.biz, "clerk_id": clerk}))

        return replace(method, serve=serve)

    wrap(platform, REGISTER, change)


def forgets_the_clerk(platform: Platform) -> None:
    def change(method: Method) -> Method:
        return replace(method, serve=lambda question: replace(method.serve(question), actor=""))

    wrap(platform, REGISTER, change)


def skips_check_digit(platform: Platform) -> None:
    def change(method: Method) -> Method:
        def prepare(parts: Parts, biz: Mapping[str, str], now_ms: int) -> Authenticated:
            number = biz.get("id_no", "")
            if biz.get("id_type") == "01" and resident.has_form(number):
                number = number[:17] + mod_11_2.check_digit(number[:17])
            return _prepared(method, parts, {**biz, "id_no": number}, now_ms)

        return replace(method, prepare=prepare)

    wrap(platform, REGISTER, change)


class _KnowsEveryone:
    def check(self, document: Document, name: str) -> Register:
        del document, name
        return Register.MATCH


def ignores_real_name(platform: Platform) -> None:
    platform.parts.real_name = _KnowsEveryone()


def long_life_codes(platform: Platform) -> None:
    platform.parts.verification.ttl_ms = 180_000


def accepts_expired(platform: Platform) -> None:
    rule = platform.parts.verification
    _judge_otherwise(rule, lambda: Verification(rule.keys, rule.ttl_ms + 120_000))


def _judge_otherwise(rule: Verification, other: Callable[[], Verification]) -> None:
    """Let another rule decide in place of the one in force."""

    def judge(code: CardCode, card: CardRow | None, now_ms: int) -> None:
        other().judge(code, card, now_ms)

    put(rule, "judge", judge)


def accepts_replay(platform: Platform) -> None:
    rule, random = platform.parts.verification, platform.parts.random
    sound = rule.token_key

    def token_key(code: CardCode) -> bytes | None:
        key = sound(code)
        # Spent under another key every time, a code is never found spent.
        return None if key is None else key[:_EXPIRY_BYTES] + random(len(key) - _EXPIRY_BYTES)

    put(rule, "token_key", token_key)


def cached_after_close(platform: Platform) -> None:
    rule = platform.parts.verification
    sound, seen = rule.judge, dict[str, CardRow]()

    def judge(code: CardCode, card: CardRow | None, now_ms: int) -> None:
        remembered = seen.get(code.card_id, card)
        sound(code, remembered, now_ms)
        if remembered is not None:
            seen[code.card_id] = remembered

    put(rule, "judge", judge)


def forgets_closings(platform: Platform) -> None:
    reopened = update(CARDS).where(CARDS.c.state == CLOSED, CARDS.c.replaced_by.is_(None)).values(state=ACTIVE)
    platform.run(lambda connection: connection.execute(reopened))


def dies_of_closing(platform: Platform) -> None:
    def serve(question: Question) -> Answer:
        del question
        os._exit(70)

    wrap(platform, "ehc.ehealthcard.close", lambda method: replace(method, serve=serve))


def _remember_keys(platform: Platform, *, ends: bool) -> None:
    """Go on with every key there ever was; ``ends`` says whether its grace, once begun, still ends."""
    rule = platform.parts.verification
    ever, grace_until_ms = dict[int, bytes](), dict[int, int]()

    def other() -> Verification:
        ever.update(rule.keys.keys)
        if ends:
            grace_until_ms.update(rule.keys.grace_until_ms)
        return Verification(TokenKeys(dict(ever), rule.keys.newest, dict(grace_until_ms)), rule.ttl_ms)

    _judge_otherwise(rule, other)


def old_key_kept(platform: Platform) -> None:
    _remember_keys(platform, ends=False)


def revoked_key_kept(platform: Platform) -> None:
    _remember_keys(platform, ends=True)


def drops_key_at_once(platform: Platform) -> None:
    rule = platform.parts.verification

    def other() -> Verification:
        newest = rule.keys.newest
        return Verification(TokenKeys({newest: rule.keys.keys[newest]}, newest, {}), rule.ttl_ms)

    _judge_otherwise(rule, other)


def ignores_type(platform: Platform) -> None:
    accepts_replay(platform)
    rule = platform.parts.verification
    sound = rule.judge

    def judge(code: CardCode, card: CardRow | None, now_ms: int) -> None:
        sound(replace(code, token=None), card, now_ms)

    put(rule, "judge", judge)


def accepts_foreign_token(platform: Platform) -> None:
    rule, given_to = platform.parts.verification, dict[str, str]()
    sound = rule.judge

    def change(method: Method) -> Method:
        def serve(question: Question) -> Answer:
            answer = method.serve(question)
            codes = answer.biz.get("ehealth_codes") or (str(answer.biz["ehealth_code"]),)
            given_to.update((code.rpartition(":")[2], answer.card_id) for code in codes)
            return answer

        return replace(method, serve=serve)

    def judge(code: CardCode, card: CardRow | None, now_ms: int) -> None:
        # Proved for whomever it was given to, which need not be the card it is shown with.
        sound(replace(code, card_id=given_to.get(code.token or "", code.card_id)), card, now_ms)

    wrap(platform, "ehc.ehealthcode.generate", change)
    put(rule, "judge", judge)


def folds_case(platform: Platform) -> None:
    rule = platform.parts.verification
    sound = rule.read
    put(rule, "read", lambda text: sound(text[:_CARD_ID].upper() + text[_CARD_ID:]))


def _other_accounts(platform: Platform, change: Callable[[Account], Account]) -> None:
    """Let every caller be known as something else."""
    sound, known = platform.accounts.find, dict[str, tuple[Account, Account]]()

    def find(app_id: str) -> Account | None:
        account = sound(app_id)
        if account is None:
            return None
        if app_id not in known or known[app_id][0] is not account:
            known[app_id] = account, change(account)
        return known[app_id][1]

    put(platform.accounts, "find", find)


def ignores_scope(platform: Platform) -> None:
    _other_accounts(platform, lambda account: replace(account, scopes=frozenset(SCOPES)))


class _EveryTerminal(dict[str, str]):
    def get(self, term_id: str, default: object = None) -> str:
        del term_id, default
        return AUTHORISED


def ignores_terminal(platform: Platform) -> None:
    _other_accounts(platform, lambda account: replace(account, terminals=_EveryTerminal()))


def ignores_standing(platform: Platform) -> None:
    _other_accounts(platform, lambda account: replace(account, in_good_standing=True))


def blind_to_consent(platform: Platform) -> None:
    def change(method: Method) -> Method:
        def serve(question: Question) -> Answer:
            answer = method.serve(question)
            held = find_by_id(question.connection, question.parts.keyring, question.biz["ehealth_card_id"])
            terms = consents.Terms(consents.ALL_PUBLIC, consents.KINDS, question.now_ms, question.now_ms + DAY_MS)
            nobody = consents.Evidence(consents.CLERK, "nobody")
            consents.grant(
                question.connection, held, terms, nobody, question.account, question.now_ms, question.parts.random
            )
            return answer

        return replace(method, serve=serve)

    wrap(platform, "ehc.record.share", change)


def forgets_withdrawal(platform: Platform) -> None:
    def serve(question: Question) -> Answer:
        return Answer({"consent_id": question.biz["consent_id"]})

    wrap(platform, "ehc.consent.withdraw", lambda method: replace(method, serve=serve))


def other_person_elsewhere(platform: Platform) -> None:
    def change(serve: Verifying) -> Verifying:
        async def verify(account: Account, request: Request, term_id: str, now: int) -> Biz | RefusalError:
            result = await serve(account, request, term_id, now)
            if isinstance(result, RefusalError):
                return result
            mindex = str(result["mindex_id"])
            turned = 1 + int(account.org_code[-3:]) % (len(mindex) - 1)
            return {**result, "mindex_id": mindex[turned:] + mindex[:turned]}

        return verify

    put(platform.gateway, "_verify", change(platform.gateway._verify))
