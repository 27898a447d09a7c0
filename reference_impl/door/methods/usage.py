"""Reporting use: ``ehc.usage.report``, a reconstructed name over the fields of a hospital vendor's note."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from reference_impl.access.terminals import is_filed
from reference_impl.door.methods.business_fields import chosen, in_clear, matching, moment_at, optional, required
from reference_impl.door.question import Answer, Question
from reference_impl.records.clear_words import has_long_number
from reference_impl.records.own_numbers import own_number_key
from reference_impl.records.usage import Report, take
from reference_impl.refusals import BAD_FIELD, RefusalError
from reference_impl.wire.codetables import CHANNELS, SCENES, STEP_OF_SCENE, STEPS

ONLINE: Mapping[str, str] = MappingProxyType({"0": "off line", "1": "on line"})
"""``onlineOrOffline``; reconstructed, for no note gives the codes."""

MAX_AHEAD_MS = 5 * 60_000
"""How far the clock of an institution may run ahead before its report is refused."""

_NUMBER = re.compile(r"[^\s\x00-\x1f\x7f]{1,64}")
_WORDS = re.compile(r"[^\x00-\x1f\x7f]{1,64}")
_CARD_ID = re.compile(r"[0-9A-F]{64}")
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")


def report(question: Question) -> Answer:
    """``ehc.usage.report``: one step of a visit; ``counted`` is 0 for a report that was taken in before.

    The audit tells the report by what is kept of its number.
    """
    read = read_report(question)
    counted = take(question.connection, read, question.now_ms)
    detail = {
        "report": read.report_key,
        "step": read.step,
        "channel": read.channel,
        "scene": read.scene,
        "has_card": str(int(bool(read.card_id))),
        "counted": str(int(counted)),
    }
    return Answer({"seq_no": question.biz["seq_no"], "counted": detail["counted"]}, read.card_id, detail=detail)


def read_report(question: Question) -> Report:
    """Read the business fields of a report.

    Raises:
        RefusalError: bad_field.
    """
    biz, app_id, org_code = question.biz, question.account.app_id, question.account.org_code
    lookup_key = question.parts.keyring.person_lookup
    card_id = matching(_CARD_ID, optional(biz, "ehealth_card_id"), "ehealth_card_id")
    if optional(biz, "has_card") not in ("", "1" if card_id else "0"):
        raise RefusalError(BAD_FIELD, "has_card")
    visit_no = matching(_NUMBER, optional(biz, "visit_no") if card_id else required(biz, "visit_no"), "visit_no")
    patient_no = matching(_NUMBER, optional(biz, "patient_no"), "patient_no")
    at_ms = moment_at(biz, "time")
    if at_ms > question.now_ms + MAX_AHEAD_MS:
        raise RefusalError(BAD_FIELD, "time")
    online = optional(biz, "onlineOrOffline")
    scene = chosen(biz["scene"], SCENES, "scene") if optional(biz, "scene") else ""
    return Report(
        app_id=app_id,
        org_code=org_code,
        report_key=own_number_key(lookup_key, "report", app_id, matching(_NUMBER, required(biz, "seq_no"), "seq_no")),
        card_id=card_id,
        visit_key=own_number_key(lookup_key, "visit", org_code, visit_no),
        patient_key=own_number_key(lookup_key, "patient", org_code, patient_no),
        at_ms=at_ms,
        step=chosen(optional(biz, "med_step_code") or STEP_OF_SCENE.get(scene, ""), STEPS, "med_step_code"),
        channel=chosen(required(biz, "channel_code"), CHANNELS, "channel_code"),
        department_type=in_clear(_WORDS, required(biz, "department_type"), "department_type"),
        scanner_serial=_serial(question),
        pay_fen=_fen(optional(biz, "payAmount")),
        pay_channel=in_clear(_WORDS, optional(biz, "payChannel"), "payChannel"),
        online=chosen(online, ONLINE, "onlineOrOffline") if online else "",
        scene=scene,
    )


def _serial(question: Question) -> str:
    """Return the scanner's serial number; one as long as an identity number is only taken where a terminal has it."""
    serial = matching(_NUMBER, optional(question.biz, "channel_sn"), "channel_sn")
    if has_long_number(serial) and not is_filed(question.connection, question.account.org_code, serial):
        raise RefusalError(BAD_FIELD, "channel_sn")
    return serial


def _fen(amount: str) -> int | None:
    """Return an amount in yuan with at most two decimals as whole fen, None for none."""
    if not amount:
        return None
    return int(Decimal(matching(_AMOUNT, amount, "payAmount")) * 100)
