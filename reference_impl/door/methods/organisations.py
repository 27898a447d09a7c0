"""Registering institutions: ``ehc.ehealthcode.addorg``, ``updateorg``, ``queryorg``.

The names of methods and fields are known, what the fields hold is not. Reconstructed: ``orgproperty`` and ``orglevel``
are words of ``access.scopes`` (KINDS, LEVELS), ``validtime`` is the last valid day (yyyy-MM-dd, in China), ``valid`` is
1 or 0; ``prefecture`` and ``ownership`` are additions of ours, the one needed only where the code does not tell the
region, the other ``public`` unless said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from reference_impl.access import registrations
from reference_impl.access.applications import Application
from reference_impl.access.institutions import Institution, prefecture_in, read_org_code
from reference_impl.access.registrations import Registered, Registration, actor_of
from reference_impl.access.scopes import PUBLIC
from reference_impl.access.standing import Act
from reference_impl.cards.documents import china_date
from reference_impl.door.methods.business_fields import DATE, chosen, in_clear, moment, optional, required
from reference_impl.door.question import Answer, Method, Question
from reference_impl.refusals import BAD_FIELD, RefusalError
from reference_impl.wire import hn_s

ACCESS_METHODS: Mapping[str, str] = MappingProxyType({"1": "direct", "2": "front box", "3": "regional platform"})
HIERARCHIES: Mapping[str, str] = MappingProxyType(
    {"1": "province", "2": "prefecture", "3": "county", "4": "township", "5": "village"}
)
VALID: Mapping[str, str] = MappingProxyType({"0": "frozen", "1": "in force"})

_FIELD_OF = MappingProxyType({"org_code": "orgcode", "name": "orgname", "level": "orglevel", "kind": "orgproperty"})
"""The wire's names of what the rooms behind call otherwise."""

_DAY_MS = 86_400_000
_CHINA_AHEAD_MS = 8 * 3_600_000
_WORDS = re.compile(r"[^\x00-\x1f\x7f]+")
_KEY = re.compile(r"04[0-9a-f]{128}")


def addorg(question: Question) -> Answer:
    """``ehc.ehealthcode.addorg``: an institution and its application, both waiting for the province."""
    biz, account = question.biz, question.account
    with _named_as_on_the_wire():
        org_code = read_org_code(required(biz, "orgcode"))
        prefecture = optional(biz, "prefecture") or prefecture_in(org_code)
        institution = Institution(
            org_code,
            required(biz, "orgname"),
            required(biz, "orglevel"),
            required(biz, "orgproperty"),
            prefecture,
            ownership=optional(biz, "ownership") or PUBLIC,
        )
        _check_valid(biz)
        wanted = Registered(institution, _registration(biz, Registration()))
        application = Application("", org_code, institution.name, account.dialect, (), _public_key(question))
        made = registrations.register(
            question.connection,
            question.parts.keyring,
            account.org_code,
            wanted,
            application,
            question.parts.random,
            _act(question),
        )
    answer = {"app_id": made.application.app_id, "app_secret": made.secret}
    return Answer(answer, detail={"org": org_code, "app": made.application.app_id})


def updateorg(question: Question) -> Answer:
    """``ehc.ehealthcode.updateorg``: what is said changes, what is not said stays."""
    biz, registrar = question.biz, question.account.org_code
    with _named_as_on_the_wire():
        org_code = read_org_code(required(biz, "orgcode"))
        known = registrations.find(question.connection, registrar, org_code)
        on_record = known.institution
        institution = replace(
            on_record,
            name=_said(biz, "orgname", on_record.name),
            level=_said(biz, "orglevel", on_record.level),
            kind=_said(biz, "orgproperty", on_record.kind),
            prefecture=_said(biz, "prefecture", on_record.prefecture),
            ownership=_said(biz, "ownership", on_record.ownership),
        )
        corrected = Registered(institution, _registration(biz, known.registration))
        valid = _check_valid(biz)
        if corrected != known:
            registrations.amend(question.connection, registrar, corrected)
        if valid:
            registrations.set_valid(question.connection, registrar, org_code, _act(question), valid=valid == "1")
    return Answer({"orgcode": org_code}, detail={"org": org_code, "valid": valid})


def queryorg(question: Question) -> Answer:
    """``ehc.ehealthcode.queryorg``: what is on record of an institution the caller's own institution registered."""
    with _named_as_on_the_wire():
        org_code = read_org_code(required(question.biz, "orgcode"))
        known = registrations.find(question.connection, question.account.org_code, org_code)
    institution, said = known.institution, known.registration
    answer = {
        "orgcode": institution.org_code,
        "orgname": institution.name,
        "orgproperty": institution.kind,
        "orglevel": institution.level,
        "prefecture": institution.prefecture,
        "ownership": institution.ownership,
        "orgaddr": said.address,
        "accessmethod": said.access_method,
        "orghierarchy": said.hierarchy,
        "validtime": _last_day(said.valid_until_ms),
        "valid": "1" if known.is_valid(question.now_ms) else "0",
        "state": institution.state.value,
    }
    return Answer(answer, detail={"org": org_code})


def _said(biz: Mapping[str, str], name: str, known: str) -> str:
    return required(biz, name) if name in biz else known


def _registration(biz: Mapping[str, str], known: Registration) -> Registration:
    changed = known
    if "orgaddr" in biz:
        changed = replace(changed, address=in_clear(_WORDS, optional(biz, "orgaddr"), "orgaddr"))
    if "accessmethod" in biz:
        changed = replace(changed, access_method=chosen(biz["accessmethod"], ACCESS_METHODS, "accessmethod"))
    if "orghierarchy" in biz:
        changed = replace(changed, hierarchy=chosen(biz["orghierarchy"], HIERARCHIES, "orghierarchy"))
    if "validtime" in biz:
        changed = replace(changed, valid_until_ms=_end_of_day(optional(biz, "validtime")))
    return changed


def _check_valid(biz: Mapping[str, str]) -> str:
    return chosen(biz["valid"], VALID, "valid") if "valid" in biz else ""


def _public_key(question: Question) -> bytes | None:
    if question.account.dialect != hn_s.NAME:
        return None
    text = required(question.biz, "public_key")
    if not _KEY.fullmatch(text):
        raise RefusalError(BAD_FIELD, "public_key")
    return bytes.fromhex(text)


def _end_of_day(day: str) -> int | None:
    """Return when a day (yyyy-MM-dd) is over in China, Unix ms; None for "", which is no end."""
    if not day:
        return None
    days = (date.fromisoformat(moment(day, DATE, "validtime")) - date(1970, 1, 1)).days + 1
    return days * _DAY_MS - _CHINA_AHEAD_MS


def _last_day(until_ms: int | None) -> str:
    return "" if until_ms is None else china_date(until_ms - 1).isoformat()


def _act(question: Question) -> Act:
    return Act(actor_of(question.account.org_code), question.now_ms, question.method)


@contextmanager
def _named_as_on_the_wire() -> Iterator[None]:
    try:
        yield
    except RefusalError as refused:
        raise RefusalError(refused.outcome, _FIELD_OF.get(refused.field, refused.field)) from refused


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "ehc.ehealthcode.addorg": Method("org", addorg),
        "ehc.ehealthcode.updateorg": Method("org", updateorg),
        "ehc.ehealthcode.queryorg": Method("org", queryorg),
    }
)
