"""What every method of the gateway is asked and answers, whatever dialect the question came in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from reference_impl.access.accounts import Account
from reference_impl.cards.real_name import RealNameSource
from reference_impl.codes.verification import Verification
from reference_impl.entropy import RandomBytes
from reference_impl.keys.keyring import Keyring
from reference_impl.wire.envelope import Biz


@dataclass
class Parts:
    """What methods work with; keys and the rule of verification are replaced when the epoch moves."""

    keyring: Keyring
    verification: Verification
    real_name: RealNameSource
    random: RandomBytes


@dataclass(frozen=True)
class Question:
    """An authentic, fresh request of a caller in good standing, with the transaction it is served in.

    Attributes:
        connection: inside the transaction; nobody commits it here.
        parts: keys, rules, sources.
        account: the application that asks.
        term_id: the terminal it asks from.
        method: neutral name, ``ehc.…``.
        biz: business fields, texts under their neutral names.
        now_ms: the moment it is served at, Unix ms.
        prepared: what the method's ``prepare`` returned.
    """

    connection: Connection
    parts: Parts
    account: Account
    term_id: str
    method: str
    biz: Mapping[str, str] = field(repr=False)
    now_ms: int
    prepared: Any = field(default=None, repr=False)


@dataclass(frozen=True)
class Answer:
    """What is answered, and what the audit says of it beside who asked what and when.

    Attributes:
        biz: business fields of the answer.
        card_id: card concerned, 64 hex characters, or "".
        actor: clerk who acted, or "".
        detail: further facts for the audit, none of which tells who the holder is.
        later: makes further fields of the answer in a thread, once the rest is durable; for what takes long. It must
            not fail.
    """

    biz: Biz = field(repr=False)
    card_id: str = ""
    actor: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)
    later: Callable[[], Mapping[str, str]] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Method:
    """One method; its functions raise RefusalError where the platform says no.

    Attributes:
        scope: what an application must be allowed for it.
        serve: serves it inside the transaction; nothing it wrote stays if it refuses.
        prepare: asks what may be slow (a register of persons) before the transaction begins; given the parts, the
            business fields and the time in Unix ms.
    """

    scope: str
    serve: Callable[[Question], Answer]
    prepare: Callable[[Parts, Mapping[str, str], int], Any] | None = None
