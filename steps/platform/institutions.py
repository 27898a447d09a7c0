"""One card at many institutions of three levels: the same person everywhere, and as much history as is consented to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_bdd import given, then, when

from fixtures.shared_history import CONSENTS, LEVELS, Consent, kind_of, visible
from rigs.drivers.hn_a import HnAPlatform
from rigs.errors import SubjectFaultError
from rigs.platform_link import CHANNEL
from rigs.roles import AppAccess
from steps.platform.asking import china_time, dynamic_codes, granted, register, told, verify
from steps.platform.enrolling import Enrolment, sender
from steps.sampling import Sampler

SCOPES = ("verify", "record", "usage")
LAPSES_S = 5.0
YEAR_S = 365 * 86_400


@dataclass(frozen=True)
class Holder:
    """Somebody with a card.

    Attributes:
        card_id: the card.
        mindex_id: the person, as the platform named them when the card was issued.
        clerk_id: who issued it.
    """

    card_id: str
    mindex_id: str
    clerk_id: str


@given("one resident with a card", target_fixture="holder")
@given("一位持卡居民", target_fixture="holder")
def holder(sampler: Sampler, people: Iterator[dict[str, str]]) -> Holder:
    """Issued by an institution that takes no further part."""
    resident = next(people)
    line = sampler.run.bench.platform
    card_id = register(line, resident)
    known = granted(line, "ehc.ehealthcode.query", {"ehealth_card_id": card_id})
    return Holder(card_id, told(known, "mindex_id"), resident["clerk_id"])


@given("institutions of three levels", target_fixture="places")
@given("三个级别的多家机构", target_fixture="places")
def places(enrolment: Enrolment) -> list[AppAccess]:
    """Public hospitals, every one with an application that verifies codes and shares records."""
    return [enrolment.institution(level, "hospital", SCOPES) for level in LEVELS]


@when("the card is used at each of them")
@when("该卡在各机构逐一使用")
def use_everywhere(sampler: Sampler, holder: Holder, places: list[AppAccess]) -> None:
    """By a fresh dynamic code; each must learn that it is the same person."""
    bench = sampler.run.bench
    codes = dynamic_codes(bench.platform, holder.card_id, len(places))
    with bench.lines([sender(place) for place in places]) as lines:
        for place, (line, code) in enumerate(zip(lines, codes, strict=True)):
            answer = verify(line, code)
            same = answer.accepted and answer.content.get("mindex_id") == holder.mindex_id
            sampler.observe(
                "person_id",
                "same" if same else "another" if answer.accepted else "refused",
                cell={"institution": place + 1, "level": LEVELS[place]},
                journal=answer.journal,
                detail={"answer": answer.code},
            )
            sampler.step(2 * len(places))


@then("each sees its own records and those the resident has consented to, and no others")
@then("各机构只能看到本机构的记录和居民授权的记录")
def history(sampler: Sampler, holder: Holder, places: list[AppAccess]) -> None:
    """Left out where the statement says that the platform shares no records."""
    if "record_sharing" not in sampler.run.subject.yes_options:
        return
    bench = sampler.run.bench
    with bench.lines([sender(place) for place in places]) as lines:
        records = [_share(sampler, line, holder, place) for place, line in enumerate(lines)]
        for consent in CONSENTS:
            _consent(sampler, lines[0], holder, places, consent)
        bench.clock.pass_seconds(LAPSES_S + 1)
        for place, line in enumerate(lines):
            first = bench.journal.count + 1
            seen = _seen(line, holder)
            wanted = {records[other] for other in visible(place)}
            sampler.observe(
                "visible_history",
                "too_much" if seen - wanted else "too_little" if wanted - seen else "as_consented",
                cell={"institution": place + 1, "level": LEVELS[place]},
                journal=(first, bench.journal.count),
                detail={"expected": len(wanted), "found": len(seen)},
            )
            sampler.step(2 * len(places))


def _share(sampler: Sampler, line: HnAPlatform, holder: Holder, place: int) -> str:
    shared = {
        "ehealth_card_id": holder.card_id,
        "record_kind": kind_of(place),
        "document_type": "synthetic",
        "record_no": f"{sampler.run.seed}-{place}",
        "document_time": china_time(sampler.run.bench.clock.now_ms()),
        "content": f"synthetic record of institution {place + 1}",
    }
    return told(granted(line, "ehc.record.share", shared), "record_id")


def _consent(sampler: Sampler, line: HnAPlatform, holder: Holder, places: list[AppAccess], consent: Consent) -> None:
    """Given by a dynamic code, as the resident would at a window; withdrawn with a clerk's help."""
    bench = sampler.run.bench
    now_ms = bench.clock.now_ms()
    grantee = f"level:{consent.level}" if consent.place is None else f"org:{places[consent.place].org_code}"
    lasts_s = LAPSES_S if consent.ended == "lapsed" else YEAR_S
    asked = {
        "ehealth_card_id": holder.card_id,
        "grantee": grantee,
        "record_kinds": ",".join(consent.kinds),
        "valid_to": china_time(now_ms + round(lasts_s * 1000)),
        "ehealth_code": dynamic_codes(bench.platform, holder.card_id, 1)[0],
    }
    consent_id = told(granted(line, "ehc.consent.grant", asked), "consent_id")
    if consent.ended == "withdrawn":
        withdrawn = {"ehealth_card_id": holder.card_id, "consent_id": consent_id, "clerk_id": holder.clerk_id}
        granted(line, "ehc.consent.withdraw", withdrawn)


def _seen(line: HnAPlatform, holder: Holder) -> set[str]:
    """Ids of the records an institution is shown, page by page."""
    found: set[str] = set()
    after = ""
    while True:
        asked = {"ehealth_card_id": holder.card_id, **({"after": after} if after else {})}
        answer = granted(line, "ehc.record.fetch", asked)
        records = answer.content.get("records", ())
        try:
            assert isinstance(records, list | tuple)
            found |= {str(json.loads(record)["record_id"]) for record in records}
        except (AssertionError, TypeError, ValueError, KeyError) as error:
            raise SubjectFaultError(
                "told records in a form of its own", where=CHANNEL, journal=answer.journal
            ) from error
        after = str(answer.content.get("next") or "")
        if not after:
            return found
