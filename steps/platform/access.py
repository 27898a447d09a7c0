"""Twenty institutions try twenty actions each; every decision is compared with the one it must come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from pytest_bdd import given, when

from fixtures.access_matrix import (
    ACTIONS,
    APP_NOBODY_HAS,
    APPLIED,
    AUTHORISED,
    DELETED,
    FROZEN,
    FROZEN_TERMINAL,
    PROFILES,
    SECRET_OF_ANOTHER,
    TERMINAL_OF_ANOTHER,
    TOO_EARLY,
    TOO_LATE,
    Action,
    Profile,
    allowed,
)
from reference_impl.wire.envelope import Credentials
from rigs.bench import Bench
from rigs.roles import AppAccess, PlatformAnswer
from steps.platform.asking import PLACE, ask, china_time, dynamic_codes, outcome, register, registration, stamp
from steps.platform.enrolling import Enrolment, sender
from steps.sampling import Sampler

TEN_MINUTES_S = 600.0


@dataclass(frozen=True)
class Enrolled:
    """An institution of the matrix.

    Attributes:
        number: its place.
        profile: how it stands.
        access: its application, with the terminal the profile speaks of.
        frozen: a terminal of it that is frozen, whatever the profile says.
        read_card: a card to ask about; nothing is done to it.
        life_card: a card that is lost, found, frozen, unfrozen and closed.
    """

    number: int
    profile: Profile
    access: AppAccess
    frozen: str
    read_card: str
    life_card: str


@given("twenty institutions of every standing and with every scope", target_fixture="matrix")
@given("二十家机构，状态和权限范围各不相同", target_fixture="matrix")
def institutions(sampler: Sampler, people: Iterator[dict[str, str]], enrolment: Enrolment) -> list[Enrolled]:
    """Each is authorised first and then brought where its profile says, what stands beneath it before itself."""
    line = sampler.run.bench.platform
    found = []
    for number, profile in enumerate(PROFILES):
        standing = {"org": profile.org, "app": profile.app, "terminal": profile.terminal}
        waiting = {part for part, state in standing.items() if state == APPLIED}
        access = enrolment.institution(profile.level, profile.kind, profile.scopes, waiting)
        frozen = enrolment.terminal(access.org_code, access.app_id)
        enrolment.stand(f"apps/{access.app_id}/terminals/{frozen}", AUTHORISED, FROZEN)
        found.append(Enrolled(number, profile, access, frozen, *(register(line, next(people)) for _ in range(2))))
    for one in found:
        _bring(enrolment, one)
    return found


def _bring(enrolment: Enrolment, one: Enrolled) -> None:
    app = f"apps/{one.access.app_id}"
    for subject, state in (
        (f"{app}/terminals/{one.access.term_id}", one.profile.terminal),
        (app, one.profile.app),
        (f"institutions/{one.access.org_code}", one.profile.org),
    ):
        if state in (FROZEN, DELETED):
            enrolment.stand(subject, state)


@when("each tries twenty actions, some of them with a wrong terminal, secret, application or time")
@when("各机构分别尝试二十种操作，其中包括错误的终端、密钥、应用和时间")
def try_everything(
    sampler: Sampler, people: Iterator[dict[str, str]], enrolment: Enrolment, matrix: list[Enrolled]
) -> None:
    """To the end even when one was wrong, for the matrix shows why; a refusal that is no proper answer is none."""
    tries = _Tries(sampler.run.bench, people, enrolment, matrix)
    for one in matrix:
        for action in ACTIONS:
            answer = tries.attempt(one, action)
            expected = "accepted" if allowed(one.profile, action) else "refused"
            right = answer.readable and outcome(answer) == expected
            sampler.observe(
                "access_decision",
                "right" if right else "wrong",
                cell={"institution": one.number + 1, "action": action.name, "wrong": action.wrong or "nothing"},
                journal=answer.journal,
                detail={"expected": expected, "decision": f"{outcome(answer)} {answer.code or answer.status}"},
            )
            sampler.step(len(matrix) * len(ACTIONS))


class _Tries:
    """Makes the request of an action, right or wrong, and sends it."""

    def __init__(
        self, bench: Bench, people: Iterator[dict[str, str]], enrolment: Enrolment, matrix: list[Enrolled]
    ) -> None:
        self._bench = bench
        self._enrolment = enrolment
        self._matrix = matrix
        self._numbers = count(1)
        self._made: dict[str, tuple[str, Callable[[Enrolled], dict[str, str]]]] = {
            "issue a card": ("ehc.ehealthcard.register", lambda _: registration(next(people))),
            "alter an address": ("ehc.ehealthcard.alterinfo", lambda one: {**_read(one), "address": "合成路一号"}),
            "report a card lost": ("ehc.ehealthcard.lost", lambda one: _life(one, "lost_time")),
            "report it found": ("ehc.ehealthcard.found", lambda one: _life(one, "found_time")),
            "freeze a card": ("ehc.ehealthcard.freeze", lambda one: _life(one, "freeze_time")),
            "unfreeze it": ("ehc.ehealthcard.unfreeze", lambda one: _life(one, "unfreeze_time")),
            "close it": ("ehc.ehealthcard.close", lambda one: _life(one, "revoke_time")),
            "make a code": ("ehc.ehealthcode.generate", lambda one: {**_read(one), "ewmbs": "0"}),
            "verify a code": ("ehc.ehealthcode.verify", self._code),
            "ask for a card": ("ehc.ehealthcode.query", _read),
            "link a number": ("ehc.ehealthcard.bind", self._number),
            "share a record": ("ehc.record.share", self._record),
            "report use": ("ehc.usage.report", self._use),
            "register an institution": ("ehc.ehealthcode.addorg", self._institution),
        }

    def attempt(self, one: Enrolled, action: Action) -> PlatformAnswer:
        """One action of one institution, from an address of its own: wrong tries may well lock an address out."""
        method, make = self._made[action.name]
        content = make(one)
        ahead_s = {TOO_LATE: -TEN_MINUTES_S, TOO_EARLY: TEN_MINUTES_S}.get(action.wrong, 0.0)
        with self._bench.lines([self._sender(one, action.wrong)], apart=True) as [line]:
            return line.call(method, content, ahead_s=ahead_s) if ahead_s else ask(line, method, content)

    def _sender(self, one: Enrolled, wrong: str) -> Credentials:
        another = self._matrix[(one.number + 1) % len(self._matrix)].access
        changed = {
            TERMINAL_OF_ANOTHER: {"term_id": another.term_id},
            FROZEN_TERMINAL: {"term_id": one.frozen},
            SECRET_OF_ANOTHER: {"app_secret": another.app_secret},
            APP_NOBODY_HAS: {"app_id": "hn0000000000000000"},
        }
        return sender(one.access, **changed.get(wrong, {}))

    def _code(self, one: Enrolled) -> dict[str, str]:
        return {"ehealth_code": dynamic_codes(self._bench.platform, one.read_card, 1)[0], **PLACE}

    def _number(self, one: Enrolled) -> dict[str, str]:
        return {**_read(one), "link_kind": "visit-card", "link_number": f"V{next(self._numbers):08d}"}

    def _record(self, one: Enrolled) -> dict[str, str]:
        return {
            **_read(one),
            "record_kind": "exam-result",
            "document_type": "synthetic",
            "record_no": f"R{next(self._numbers)}",
            "document_time": china_time(self._bench.clock.now_ms()),
            "content": "synthetic",
        }

    def _use(self, one: Enrolled) -> dict[str, str]:
        return {
            **_read(one),
            "seq_no": f"U{next(self._numbers)}",
            "time": china_time(self._bench.clock.now_ms()),
            "med_step_code": PLACE["medstepcode"],
            "channel_code": PLACE["channelcode"],
            "department_type": "synthetic",
        }

    def _institution(self, one: Enrolled) -> dict[str, str]:
        org_code = self._enrolment.org_code()
        return {
            "orgname": f"合成下级机构{org_code[-6:]}",
            "orgcode": org_code,
            "orgproperty": "primary-care",
            "orglevel": "village",
            "accessmethod": "1",
            "orghierarchy": "5",
            "orgaddr": f"合成路{one.number + 1}号",
        }


def _read(one: Enrolled) -> dict[str, str]:
    return {"ehealth_card_id": one.read_card}


def _life(one: Enrolled, moment: str) -> dict[str, str]:
    return {"ehealth_card_id": one.life_card, moment: stamp()}
