"""Cards come into being: by residents on line, by clerks at windows, and never without a real-name check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from pytest_bdd import given, then, when

from fixtures.identity_cases import IdentityCase, identity_cases
from fixtures.population import online
from rigs.roles import Platform, PlatformAnswer
from steps.platform.asking import ACTIVE, LINES, ask, outcome, register, registration, spread, told
from steps.sampling import Sampler

QUERY = "ehc.ehealthcode.query"
REGISTER = "ehc.ehealthcard.register"
APPLICATIONS = 1000
CONFIRMED, UNCONFIRMED = 200, 50
APART = 16
"""Addresses wrong identities are sent from: a platform may well lock out one that guesses at people."""


@dataclass(frozen=True)
class Applied:
    """What came of one person's application on line, made once or twice.

    Attributes:
        answers: the answers, one an application.
        active: distinct cards of the person that are active afterwards.
    """

    answers: Sequence[PlatformAnswer]
    active: int


@when("residents apply on line, every second of them twice at once through two channels")
@when("居民在线申领，其中每两人有一人同时通过两个渠道重复申领")
def apply_online(sampler: Sampler, people: Iterator[dict[str, str]]) -> None:
    """Each is asked for afterwards, by document and by every card id that was told: one card must be active."""
    residents = [next(people) for _ in range(APPLICATIONS)]
    with sampler.run.bench.callers(LINES) as lines, sampler.run.bench.callers(LINES) as others:
        pairs = list(zip(lines, others, strict=True))
        for applied in spread(pairs, enumerate(residents), _apply_twice):
            first = applied.answers[0]
            refused = [answer for answer in applied.answers if not answer.accepted]
            sampler.observe(
                "application",
                "refused" if refused else "issued",
                journal=first.journal,
                detail={"answer": (refused or [first])[0].code, "applications": len(applied.answers)},
            )
            sampler.observe(
                "active_cards",
                "one" if applied.active == 1 else "none" if not applied.active else "several",
                journal=first.journal,
                detail={"cards": applied.active},
            )
            sampler.step(APPLICATIONS)
            if (refused or applied.active != 1) and sampler.failed():
                return


def _apply_twice(pair: tuple[Platform, Platform], numbered: tuple[int, Mapping[str, str]]) -> Applied:
    number, resident = numbered
    asked = [registration(online(dict(resident), number))]
    if number % 2:
        asked.append(registration(online(dict(resident), number + 1)))
    answers = list(spread(pair[: len(asked)], asked, lambda line, fields: ask(line, REGISTER, fields)))
    ids = {str(answer.content["ehealth_card_id"]) for answer in answers if "ehealth_card_id" in answer.content}
    document = {"id_type": resident["id_type"], "id_no": resident["id_no"]}
    found = [ask(pair[0], QUERY, document)]
    others = ids - {str(found[0].content.get("ehealth_card_id"))}
    found += [ask(pair[0], QUERY, {"ehealth_card_id": card_id}) for card_id in others]
    active = {str(a.content["ehealth_card_id"]) for a in found if a.accepted and a.content.get("card_state") == ACTIVE}
    return Applied(answers, len(active))


@when("clerks apply for residents at the window, some of them without confirming", target_fixture="clerks")
@when("窗口人员为居民申领，其中部分未经确认", target_fixture="clerks")
def apply_at_window(sampler: Sampler, people: Iterator[dict[str, str]], chance: Random) -> dict[str, str]:
    """An application without confirmation names no clerk; its person must have no card afterwards.

    Returns:
        Card issued to the clerk who confirmed it.
    """
    clerks: dict[str, str] = {}
    asked = [(next(people), True) for _ in range(CONFIRMED)] + [(next(people), False) for _ in range(UNCONFIRMED)]
    chance.shuffle(asked)
    with sampler.run.bench.callers(LINES) as lines:
        for resident, confirmed, answer, issued in spread(lines, asked, _at_window):
            sampler.observe(
                "window_application",
                "issued" if issued else "refused",
                cell={"clerk": "confirmed" if confirmed else "unconfirmed"},
                journal=answer.journal,
                detail={"answer": answer.code},
            )
            sampler.step(CONFIRMED + UNCONFIRMED)
            if issued and confirmed:
                clerks[told(answer, "ehealth_card_id")] = resident["clerk_id"]
    return clerks


def _at_window(line: Platform, asked: tuple[dict[str, str], bool]) -> tuple[dict[str, str], bool, PlatformAnswer, bool]:
    resident, confirmed = asked
    fields = registration(resident)
    if not confirmed:
        fields["clerk_id"] = ""
    answer = ask(line, REGISTER, fields)
    if confirmed:
        return resident, confirmed, answer, answer.accepted and bool(answer.content.get("ehealth_code"))
    held = ask(line, QUERY, {"id_type": resident["id_type"], "id_no": resident["id_no"]})
    return resident, confirmed, answer, answer.accepted or held.accepted


@then("the audit names the clerk of each card issued")
@then("审计记录载明每张已发卡的窗口人员")
def audit_names_clerks(sampler: Sampler, clerks: Mapping[str, str]) -> None:
    """The audit is read through the platform's own interface, by an auditor."""
    found: dict[str, str] = {}
    for record in sampler.run.bench.admin.audit_records():
        if record.get("op") == REGISTER and record.get("actor"):
            found[str(record.get("card_id")).upper()] = str(record["actor"])
    for card_id, clerk in clerks.items():
        named = found.get(card_id.upper())
        sampler.observe(
            "audit_clerk",
            "present" if named == clerk else "missing" if not named else "differs",
            detail={"expected": clerk, "found": named or "—"},
        )


@given("applications with right and with wrong identities, in random order", target_fixture="cases")
@given("身份正确与错误的申领，随机排序", target_fixture="cases")
def identity_sample(sampler: Sampler, chance: Random) -> list[IdentityCase]:
    """Adults, minors, newborn children and foreigners; wrong numbers, wrong names, a register that does not answer."""
    today = datetime.fromtimestamp(sampler.run.bench.clock.now_ms() / 1000, tz=UTC).date()
    cases = list(identity_cases(sampler.run.seed, today))
    chance.shuffle(cases)
    return cases


@when("each applies for a card")
@when("逐一提交申领")
def apply_with_identities(sampler: Sampler, cases: list[IdentityCase]) -> None:
    """A wrong identity counts as accepted as soon as there is a card for its document, whatever the answer was."""
    with sampler.run.bench.callers(APART, apart=True) as lines:
        for case, answer in zip(cases, spread(lines, cases, _apply_as), strict=True):
            sampler.observe(
                "real_name_check",
                outcome(answer),
                cell={"identity": case.identity, "case": case.name},
                journal=answer.journal,
                detail={"answer": answer.code},
            )
            sampler.step(len(cases))
            if case.identity == "bad" and answer.accepted and sampler.failed():
                return


def _apply_as(line: Platform, case: IdentityCase) -> PlatformAnswer:
    if case.before is not None:
        register(line, case.before)
    answer = ask(line, REGISTER, registration(case.fields))
    if case.identity == "bad" and not answer.accepted and case.before is None and "id_no" in case.fields:
        held = ask(line, QUERY, {"id_type": case.fields["id_type"], "id_no": case.fields["id_no"]})
        return held if held.accepted else answer
    return answer
