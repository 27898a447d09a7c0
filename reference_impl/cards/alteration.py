"""Alteration of what is known of a holder: contact and descriptive fields freely, the name after a real-name check.

Along with the name goes the document it was checked with, as far as it names the same person: a reissued permit, the
household book instead of the identity card. Any other document means another card (``cards.replacement``).
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, select, update

from reference_impl.cards.holding import CLOSED, HeldCard, card_id_of, find_by_number
from reference_impl.cards.life_cycle import CardChange, Operation, check_reason
from reference_impl.cards.persons import IDENTITY_FIELDS, seal_identity
from reference_impl.cards.real_name import Authenticated
from reference_impl.entropy import RandomBytes
from reference_impl.keys.keyring import Keyring
from reference_impl.refusals import BAD_FIELD, IDENTITY_MISMATCH, REPLACED_CARD, WRONG_STATE, RefusalError
from reference_impl.storage.schema import PERSONS
from reference_impl.wire.codetables import SEXES

ALTERABLE = frozenset(IDENTITY_FIELDS) - {"id_type", "id_no", "name", "birthday"}

_LOCK = select(PERSONS.c.person_no).where(PERSONS.c.person_no == bindparam("number")).with_for_update()
_STORE = update(PERSONS).where(PERSONS.c.person_no == bindparam("number"))


def alter(
    connection: Connection,
    keyring: Keyring,
    held: HeldCard,
    changes: Mapping[str, str],
    reason: str,
    random: RandomBytes,
    now_ms: int,
    renamed: Authenticated | None = None,
) -> CardChange:
    """Change fields of ``ALTERABLE``, and name and document to those of ``renamed``.

    Of a closed card only the name may change, so that its holder can open it again under the new one.

    Raises:
        RefusalError: bad_field for a field that may not be altered, a sex that is no code, or a reason that is none;
            identity_mismatch for a ``renamed`` whose document means another card; replaced_card; wrong_state for a
            closed card.
    """
    check_reason(reason)
    for name in changes:
        if name not in ALTERABLE:
            raise RefusalError(BAD_FIELD, name)
    if changes.get("gender", "") not in ("", *SEXES):
        raise RefusalError(BAD_FIELD, "gender")
    if renamed is not None and card_id_of(keyring, renamed.document) != held.card_id:
        raise RefusalError(IDENTITY_MISMATCH, "id_no")
    # What the caller found may have changed since; two alterations at once must both last.
    connection.execute(_LOCK, {"number": held.person_no})
    held = find_by_number(connection, keyring, held.card_no)
    if held.replaced:
        raise RefusalError(REPLACED_CARD)
    if held.state == CLOSED and (changes or renamed is None):
        raise RefusalError(WRONG_STATE)
    wanted = dict(changes)
    if renamed is not None:
        wanted |= {"name": renamed.name, "id_type": renamed.document.id_type, "id_no": renamed.document.id_no}
    altered = tuple(sorted(name for name, value in wanted.items() if held.identity[name] != value))
    if altered:
        sealed = seal_identity(keyring, held.mindex_id, {**held.identity, **wanted}, random)
        connection.execute(_STORE.values(sealed_identity=sealed), {"number": held.person_no})
    return CardChange(held.card_id, Operation.ALTER, held.state, held.state, reason, now_ms, altered)
