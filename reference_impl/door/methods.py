"""The methods of the gateway: field names of the dialect on one side, the platform's core on the other.

Field names follow the ``ehc.*`` interface notes of hospital vendors; meanings those do not give are reconstructed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from reference_impl.cards import holding as cards
from reference_impl.cards.documents import birthday, check_document, is_resident
from reference_impl.cards.persons import IDENTITY_FIELDS
from reference_impl.codes.tokens import issue
from reference_impl.codes.verification import Place, verify
from reference_impl.door.business_fields import DATE, DATE_TIME, chosen, moment, optional, required
from reference_impl.entropy import RandomBytes
from reference_impl.keys.keyring import Keyring
from reference_impl.refusals import BAD_FIELD, UNKNOWN_METHOD, RefusalError
from reference_impl.wire.codetables import APPLY_TYPES, CHANNELS, SEXES, STEPS
from reference_impl.wire.envelope import Biz, Request
from reference_impl.wire.payload import DYNAMIC, STATIC, build

MAX_CODES_PER_CALL = 500


@dataclass(frozen=True)
class Question:
    """An authentic request with the transaction it is served in and the moment it is served at (Unix ms)."""

    connection: Connection
    request: Request
    now_ms: int

    @property
    def biz(self) -> Mapping[str, str]:
        """The business fields of the request."""
        return self.request.biz


class Service:
    """Serves the methods of one platform; ``token_ttl_ms`` is the greatest accepted age of a dynamic code."""

    def __init__(self, keyring: Keyring, token_ttl_ms: int, random: RandomBytes) -> None:
        self._keyring = keyring
        self._token_ttl_ms = token_ttl_ms
        self._random = random
        self._methods: dict[str, Callable[[Question], Biz]] = {
            "ehc.ehealthcard.register": self._register,
            "ehc.ehealthcard.close": self._close,
            "ehc.ehealthcode.generate": self._generate,
            "ehc.ehealthcode.verify": self._verify,
            "ehc.ehealthcode.query": self._query,
        }

    def answer(self, question: Question) -> Biz:
        """Return the business fields of the answer.

        Raises:
            RefusalError: the platform says no, and has changed nothing.
        """
        serve = self._methods.get(question.request.method)
        if serve is None:
            raise RefusalError(UNKNOWN_METHOD)
        return serve(question)

    def _register(self, question: Question) -> Biz:
        held = cards.register(
            question.connection, self._keyring, _identity(question.biz), self._random, question.now_ms
        )
        return {"ehealth_card_id": held.card_id, "mindex_id": held.mindex_id}

    def _close(self, question: Question) -> Biz:
        _check_moment(question.biz, "revoke_time", DATE_TIME)
        held = self._held(question)
        cards.close(question.connection, held.card_id)
        return {"ehealth_card_id": held.card_id, "card_state": cards.CLOSED}

    def _generate(self, question: Question) -> Biz:
        biz = question.biz
        _check_moment(biz, "generate_time", DATE_TIME)
        code_type = required(biz, "ewmbs")
        held = cards.find_by_id(question.connection, self._keyring, required(biz, "ehealth_card_id"))
        cards.require_active(held)
        if code_type == STATIC:
            if "count" in biz:
                raise RefusalError(BAD_FIELD, "count")
            return {"ehealth_code": build(held.card_id, STATIC)}
        if code_type != DYNAMIC:
            raise RefusalError(BAD_FIELD, "ewmbs")
        tokens = issue(self._keyring.tokens, held.card_id, question.now_ms, self._random, _count(biz))
        codes = [build(held.card_id, DYNAMIC, token=token) for token in tokens]
        life = {
            "issued_ms": str(question.now_ms),
            "expires_ms": str(question.now_ms + self._token_ttl_ms),
        }
        return {"ehealth_codes": codes, **life} if "count" in biz else {"ehealth_code": codes[0], **life}

    def _verify(self, question: Question) -> Biz:
        biz = question.biz
        place = Place(
            app_id=question.request.app_id,
            term_id=question.request.term_id,
            medstepcode=chosen(required(biz, "medstepcode"), STEPS, "medstepcode"),
            channelcode=chosen(required(biz, "channelcode"), CHANNELS, "channelcode"),
            terminalcode=optional(biz, "terminalcode"),
        )
        held = verify(
            question.connection,
            self._keyring,
            required(biz, "ehealth_code"),
            place,
            now_ms=question.now_ms,
            ttl_ms=self._token_ttl_ms,
        )
        return _card_and_holder(held)

    def _query(self, question: Question) -> Biz:
        held = self._held(question)
        return {**_card_and_holder(held), "card_state": held.state}

    def _held(self, question: Question) -> cards.HeldCard:
        biz = question.biz
        if "ehealth_card_id" in biz:
            card_id = required(biz, "ehealth_card_id")
            return cards.find_by_id(question.connection, self._keyring, card_id)
        id_type, id_no = required(biz, "id_type"), required(biz, "id_no")
        check_document(id_type, id_no)
        return cards.find_by_document(question.connection, self._keyring, id_type, id_no)


def _identity(biz: Mapping[str, str]) -> dict[str, str]:
    """Return the identity fields of a registration, checked; the birthday is read from the number if not given."""
    identity = {name: optional(biz, name) for name in IDENTITY_FIELDS}
    id_type, id_no = required(biz, "id_type"), required(biz, "id_no")
    check_document(id_type, id_no)
    required(biz, "name")
    if identity["gender"]:
        chosen(identity["gender"], SEXES, "gender")
    if optional(biz, "apply_type"):
        chosen(biz["apply_type"], APPLY_TYPES, "apply_type")
    _check_moment(biz, "register_time", DATE_TIME)
    _check_moment(biz, "birthday", DATE)
    if is_resident(id_type):
        identity["birthday"] = identity["birthday"] or birthday(id_no)
        if identity["birthday"] != birthday(id_no):
            raise RefusalError(BAD_FIELD, "birthday")
    return identity


def _check_moment(biz: Mapping[str, str], name: str, form: str) -> None:
    if optional(biz, name):
        moment(biz[name], form, name)


def _count(biz: Mapping[str, str]) -> int:
    """Return how many codes a test bench asks for in one call: a reconstructed extension, 1 where not asked."""
    text = biz.get("count", "1")
    if not re.fullmatch(r"[1-9][0-9]{0,2}", text) or int(text) > MAX_CODES_PER_CALL:
        raise RefusalError(BAD_FIELD, "count")
    return int(text)


def _card_and_holder(held: cards.HeldCard) -> dict[str, str]:
    return {"ehealth_card_id": held.card_id, "mindex_id": held.mindex_id, **held.identity}
