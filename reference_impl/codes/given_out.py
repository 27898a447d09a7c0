"""Static codes that were given out, and the rule that accepts no other.

In the field's format a card id is all there is to a static code, and a dynamic code shows it: whoever saw one can write
the other. Nothing in the code can tell such a one from a printed one, so the card remembers that one was given out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, bindparam, select

from reference_impl.codes.verification import Verification
from reference_impl.refusals import STATIC_NOT_GIVEN_OUT, RefusalError
from reference_impl.storage.batch import CardRow
from reference_impl.storage.engine import unless_held
from reference_impl.storage.schema import CARDS, STATIC_CODES
from reference_impl.wire.payload import STATIC, CardCode

REMEMBERED = 100_000
"""So many cards are known to have been given one; many more than one batch of verifications holds."""

_GIVEN_OUT = (
    select(STATIC_CODES.c.card_no)
    .join(CARDS, CARDS.c.card_no == STATIC_CODES.c.card_no)
    .where(CARDS.c.card_id == bindparam("card_id"))
)


def note_given_out(connection: Connection, card_no: int, now_ms: int) -> None:
    """Remember that a static code of this card leaves the platform, in the transaction that lets it out."""
    connection.execute(unless_held(connection, STATIC_CODES), {"card_no": card_no, "given_ms": now_ms})


@dataclass
class GivenOutOnly(Verification):
    """The rule that also asks of a static code whether one was given out for its card.

    It is looked up where the code is read, before the transaction that decides; what was given out stays so.

    Attributes:
        readers: where it is looked up.
    """

    readers: Engine = field(repr=False)
    _known: dict[str, None] = field(default_factory=dict, init=False, repr=False)

    def read(self, text: str) -> CardCode:
        """Read a scanned text; raises as ``Verification.read``."""
        code = super().read(text)
        if code.code_type == STATIC and code.card_id not in self._known:
            self._look_up(code.card_id)
        return code

    def judge(self, code: CardCode, card: CardRow | None, now_ms: int) -> None:
        """Accept a code that was read.

        Raises:
            RefusalError: as ``Verification.judge``, or static_not_given_out.
        """
        super().judge(code, card, now_ms)
        if code.code_type == STATIC and code.card_id not in self._known:
            raise RefusalError(STATIC_NOT_GIVEN_OUT)

    def _look_up(self, card_id: str) -> None:
        with self.readers.connect() as connection:
            if connection.scalar(_GIVEN_OUT, {"card_id": bytes.fromhex(card_id)}) is None:
                return
        if len(self._known) >= REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[card_id] = None
