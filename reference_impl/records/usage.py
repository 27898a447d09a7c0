"""Use of the card as institutions report it: many reports make a visit, and each report counts once.

The fields are those of a hospital vendor's note; reconstructed are the visit number, the institution's patient number
and that visits without the card are reported too, without which no share could be computed. The institution's own
numbers are kept as keyed hashes (``own_numbers``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, update

from reference_impl.access.terminals import is_filed
from reference_impl.records.china_time import day_number
from reference_impl.refusals import REPORT_DIFFERS, UNKNOWN_CARD, VISIT_MISMATCH, RefusalError
from reference_impl.storage.engine import unless_held
from reference_impl.storage.schema import CARDS
from reference_impl.storage.schema_records import FOREIGN_CARDS, USAGE_REPORTS, VISITS
from reference_impl.wire.strictjson import write_object

_TAKEN = select(USAGE_REPORTS.c.digest).where(
    USAGE_REPORTS.c.app_id == bindparam("app"), USAGE_REPORTS.c.seq_no == bindparam("number")
)
_HOLDER = select(CARDS.c.person_no).where(CARDS.c.card_id == bindparam("card"))
_FOREIGN = select(FOREIGN_CARDS.c.province).where(FOREIGN_CARDS.c.card_id == bindparam("card"))
_VISIT = (
    select(VISITS).where(VISITS.c.org_code == bindparam("org"), VISITS.c.visit == bindparam("key")).with_for_update()
)


@dataclass(frozen=True)
class Report:
    """One step of one visit, as reported.

    Attributes:
        app_id, org_code: who reports.
        report_key: keyed hash of the application's number of the report.
        card_id: 64 upper-case hex characters, or "" for a visit without the card.
        visit_key: keyed hash of the institution's number of the visit; may be "" where the card is named.
        patient_key: keyed hash of the institution's own patient number, or "".
        at_ms: when the step was taken, Unix ms.
        step, channel: codes of the field's tables.
        department_type: the institution's word.
        scanner_serial: serial number of the device that read the code, or "".
        pay_fen: what was paid, in hundredths of a yuan; None where nothing is said.
        pay_channel, online: as reported, or "".
        scene: a code of ``codetables.SCENES``, or "".
    """

    app_id: str
    org_code: str
    report_key: str
    card_id: str
    visit_key: str
    patient_key: str
    at_ms: int
    step: str
    channel: str
    department_type: str
    scanner_serial: str = ""
    pay_fen: int | None = None
    pay_channel: str = ""
    online: str = ""
    scene: str = ""

    def digest(self) -> bytes:
        """Return what tells this report from another one under the same number, 32 bytes."""
        fields = {name: str(value) for name, value in vars(self).items()}
        return hashlib.new("sm3", write_object(fields).encode()).digest()


def take(connection: Connection, report: Report, now_ms: int) -> bool:
    """Take a report in; tell whether it counts, which it does not where it was taken before.

    Raises:
        RefusalError: report_differs where its number carries another report; unknown_card; visit_mismatch where the
            visit is another person's.
    """
    digest = report.digest()
    if _taken(connection, report, digest):
        return False
    holder = _holder(connection, report.card_id) if report.card_id else None
    row = {
        "app_id": report.app_id,
        "seq_no": report.report_key,
        "visit_no": _visit(connection, report, holder),
        "at_ms": report.at_ms,
        "received_ms": now_ms,
        "with_card": int(holder is not None),
        "step": report.step,
        "channel": report.channel,
        "department_type": report.department_type,
        "scanner_serial": report.scanner_serial,
        "pay_fen": report.pay_fen,
        "pay_channel": report.pay_channel,
        "online": report.online,
        "digest": digest,
        "scene": report.scene,
        # Whether the device is filed is asked now: what becomes of it later is not this use's affair.
        "filed": int(is_filed(connection, report.org_code, report.scanner_serial)) if report.scanner_serial else 0,
    }
    if connection.execute(unless_held(connection, USAGE_REPORTS), row).rowcount:
        return True
    # The same number came in twice at once and the other was first; it may still be another report.
    return not _taken(connection, report, digest)


def _taken(connection: Connection, report: Report, digest: bytes) -> bool:
    before = connection.scalar(_TAKEN, {"app": report.app_id, "number": report.report_key})
    if before is not None and before != digest:
        raise RefusalError(REPORT_DIFFERS, "seq_no")
    return before is not None


def _holder(connection: Connection, card_id: str) -> str:
    card = {"card": bytes.fromhex(card_id)}
    person_no = connection.scalar(_HOLDER, card)
    if person_no is not None:
        return str(person_no)
    if connection.scalar(_FOREIGN, card) is None:
        raise RefusalError(UNKNOWN_CARD)
    return card_id


def _visit(connection: Connection, report: Report, holder: str | None) -> int:
    """Return the row of the visit a report is about, having it say what the report adds."""
    key = f"n:{report.visit_key}" if report.visit_key else f"d:{holder}:{day_number(report.at_ms)}"
    told = {
        "first_ms": report.at_ms,
        "with_card": int(holder is not None),
        "holder": holder,
        "patient_key": report.patient_key or None,
    }
    connection.execute(unless_held(connection, VISITS), {"org_code": report.org_code, "visit": key, **told})
    row = connection.execute(_VISIT, {"org": report.org_code, "key": key}).one()
    for name in ("holder", "patient_key"):
        if None not in (told[name], row._mapping[name]) and told[name] != row._mapping[name]:
            raise RefusalError(VISIT_MISMATCH, "visit_no")
    known = {
        "first_ms": min(row.first_ms, report.at_ms),
        "with_card": max(row.with_card, int(holder is not None)),
        "holder": row.holder or holder,
        "patient_key": row.patient_key or report.patient_key or None,
    }
    if any(row._mapping[name] != value for name, value in known.items()):
        connection.execute(update(VISITS).where(VISITS.c.visit_no == row.visit_no).values(known))
    return int(row.visit_no)
