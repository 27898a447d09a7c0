"""Which rows a run executes, and what is said of the others."""

from __future__ import annotations

import pytest

from certification.catalogue import SubjectKind, load_catalogue
from certification.errors import PlanError
from certification.options import PlatformOptions, TerminalOptions
from certification.plan import Plan, make_plan, plan_names
from certification.subject import (
    IDENTITY_FIELDS,
    Identity,
    PlatformIdentity,
    PlatformSubject,
    Subject,
    TerminalSubject,
    undeclared,
)
from certification.unbound import UNBOUND
from certification.verdicts import ExitCode, Verdict, exit_code, judge_run

CATALOGUE = load_catalogue()
TERMINAL_ROWS = tuple(row.id for row in CATALOGUE.of(SubjectKind.TERMINAL))
SCENARIOS = frozenset(TERMINAL_ROWS) - {"EHC-TRM-009", "EHC-TRM-012", "EHC-TRM-033", "EHC-TRM-034"}
SLOW = set(plan_names()["quick"]) & SCENARIOS
ENDURANCE = set(plan_names()["without-endurance"]) & SCENARIOS


def terminal(**answers: str) -> Subject:
    """A filed terminal that has everything, but for the answers given."""
    return TerminalSubject(
        kind=SubjectKind.TERMINAL,
        identity=Identity(**dict.fromkeys(IDENTITY_FIELDS, "1"), firmware_sha256="0" * 64, filing_number="none"),
        options=TerminalOptions(**{**dict.fromkeys(TerminalOptions.model_fields, "yes"), **answers}),
    )


def planned(name: str = "full", *only: str, subject: Subject | None = None, unbound: tuple[str, ...] = ()) -> Plan:
    return make_plan(
        CATALOGUE, subject or terminal(), name=name, only=only, scenarios=SCENARIOS, unbound=frozenset(unbound)
    )


def reason(plan: Plan, requirement: str) -> tuple[Verdict, str]:
    left_out = plan.left_out[requirement]
    assert left_out.reason.zh
    return left_out.verdict, left_out.reason.en


def test_every_row_of_the_kind_is_executed_or_left_out_for_a_reason():
    for name in plan_names():
        plan = planned(name)
        assert plan.rows == TERMINAL_ROWS
        assert plan.execute.isdisjoint(plan.left_out)
        assert plan.execute | set(plan.left_out) == set(TERMINAL_ROWS)


def test_the_full_plan_is_everything_that_has_a_scenario():
    plan = planned("full")
    assert plan.execute == SCENARIOS
    assert plan.chosen == SCENARIOS


def test_the_quick_plan_leaves_out_the_long_samples():
    plan = planned("quick")
    assert plan.execute == SCENARIOS - SLOW
    for row in SLOW:
        assert reason(plan, row) == (Verdict.NOT_ASSESSED, "not part of the quick plan")


def test_a_plan_for_a_day_leaves_out_no_more_than_the_rows_of_days():
    assert {"EHC-TRM-013", "EHC-TRM-014", "EHC-TRM-025"} <= SLOW
    assert planned("without-endurance").execute == SCENARIOS - ENDURANCE
    assert ENDURANCE < SLOW


def test_the_plans_leave_out_rows_that_exist():
    assert plan_names().keys() == {"quick", "without-endurance", "full"}
    assert {row for without in plan_names().values() for row in without} <= set(CATALOGUE)


def test_rows_asked_for_are_the_only_ones_executed():
    plan = planned("full", "EHC-TRM-003", "EHC-TRM-005")
    assert plan.execute == {"EHC-TRM-003", "EHC-TRM-005"}
    assert reason(plan, "EHC-TRM-004") == (Verdict.NOT_ASSESSED, "not chosen for this run (--only)")


def test_a_row_asked_for_is_executed_whatever_the_plan_leaves_out():
    assert planned("quick", "EHC-TRM-013").execute == {"EHC-TRM-013"}


def test_a_row_asked_for_that_cannot_be_executed_keeps_the_run_open():
    plan = planned("quick", "EHC-TRM-033")
    assert (plan.execute, plan.chosen) == (frozenset(), {"EHC-TRM-033"})
    rows = judge_run(CATALOGUE, plan.rows, [], plan.left_out, plan=plan.chosen, emulated=True)
    assert exit_code(rows) == ExitCode.OPEN


def test_rows_nobody_asked_for_do_not_count():
    assert planned("full").chosen.isdisjoint({"EHC-TRM-009", "EHC-TRM-033"})


def test_an_unknown_plan_is_answered_with_the_known_ones():
    with pytest.raises(PlanError, match="no plan 'fast'; choose one of full, quick") as caught:
        planned("fast")
    assert caught.value.where == "--plan"


def test_an_unknown_row_is_refused():
    with pytest.raises(PlanError, match="did you mean EHC-TRM-003"):
        planned("quick", "ehc-trm-003")


def test_a_row_of_another_kind_is_refused():
    with pytest.raises(PlanError, match="EHC-KSK-001 is demanded of a kiosk, this subject is a terminal") as caught:
        planned("quick", "EHC-TRM-003", "EHC-KSK-001")
    assert caught.value.where == "--only"


@pytest.mark.parametrize(
    ("option", "row"),
    [
        ("serial_link", "EHC-TRM-017"),
        ("keyboard_link", "EHC-TRM-018"),
        ("usb_link", "EHC-TRM-024"),
        ("card_reader", "EHC-TRM-020"),
        ("bank_card", "EHC-TRM-022"),
        ("security_module", "EHC-TRM-029"),
        ("firmware_update", "EHC-TRM-031"),
    ],
)
def test_a_row_does_not_apply_when_the_statement_answers_no(option, row):
    assert row in planned().execute
    plan = planned("full", row, subject=terminal(**{option: "no"}))
    assert reason(plan, row) == (Verdict.NOT_APPLICABLE, "the conformance statement answers no")
    assert planned(subject=terminal(**{option: "no"})).execute < SCENARIOS


def test_a_row_for_hardware_alone_is_told_from_one_without_a_scenario():
    plan = planned()
    assert reason(plan, "EHC-TRM-009") == (Verdict.NOT_ASSESSED, "can be assessed on real hardware only")
    assert reason(plan, "EHC-TRM-012") == (Verdict.NOT_ASSESSED, "can be assessed on real hardware only")
    assert reason(plan, "EHC-TRM-033") == (Verdict.NOT_ASSESSED, "no scenario is implemented yet")


def test_a_subject_nobody_filed_is_not_compared_with_an_application():
    plan = planned(subject=undeclared(SubjectKind.TERMINAL, {"vendor": "Acme"}))
    assert reason(plan, "EHC-TRM-001") == (Verdict.NOT_ASSESSED, "no subject file was given (--subject)")
    assert "EHC-TRM-001" in planned().execute
    assert "EHC-TRM-002" in plan.execute


@pytest.mark.parametrize("row", ["EHC-TRM-018", "EHC-TRM-026"])
def test_a_row_that_needs_a_keyboard_is_left_out_on_a_bench_without_one(row):
    plan = planned(unbound=("keyboard_link",))
    assert reason(plan, row) == (Verdict.NOT_ASSESSED, "the bench binds no keyboard ([keyboard])")
    assert row in planned().execute


@pytest.mark.parametrize(("row", "role"), [("EHC-TRM-002", "scanner_commands"), ("EHC-TRM-026", "scanner_settings")])
def test_a_row_that_asks_the_device_is_left_out_where_nothing_can_be_asked(row, role):
    plan = planned("full", row, unbound=(role,))
    assert reason(plan, row) == (Verdict.NOT_ASSESSED, UNBOUND[role].reason.en)
    assert "EHC-TRM-017" in planned(unbound=(role,)).execute


def test_a_terminal_without_a_keyboard_needs_none_on_the_bench():
    plan = planned(subject=terminal(keyboard_link="no"), unbound=("keyboard_link",))
    assert reason(plan, "EHC-TRM-018")[0] is Verdict.NOT_APPLICABLE
    assert "EHC-TRM-026" in plan.execute


PLATFORM_ROWS = tuple(row.id for row in CATALOGUE.of(SubjectKind.PLATFORM))
LOAD_ROWS = tuple(row.id for row in CATALOGUE.of(SubjectKind.LOAD))


def platform_plan(*unbound: str, name: str = "full", **answers: str) -> Plan:
    known = dict.fromkeys(PlatformOptions.model_fields, "yes")
    subject = PlatformSubject(
        kind=SubjectKind.PLATFORM,
        identity=PlatformIdentity(**dict.fromkeys(IDENTITY_FIELDS, "1"), filing_number="none"),
        options=PlatformOptions(**{**known, **answers}),
    )
    scenarios = (*PLATFORM_ROWS, *LOAD_ROWS)
    return make_plan(CATALOGUE, subject, name=name, only=(), scenarios=scenarios, unbound=unbound)


def test_a_platform_is_asked_for_its_own_rows_and_those_on_load_and_for_all_of_them():
    plan = platform_plan()
    assert plan.rows == (*PLATFORM_ROWS, *LOAD_ROWS)
    assert plan.execute == {*PLATFORM_ROWS, *LOAD_ROWS}


def test_a_bench_without_a_load_generator_leaves_only_the_rows_on_load_open():
    plan = platform_plan("load")
    assert plan.execute == plan.chosen == set(PLATFORM_ROWS)
    assert {reason(plan, row) for row in LOAD_ROWS} == {(Verdict.NOT_ASSESSED, UNBOUND["load"].reason.en)}


def test_no_quick_plan_loads_a_platform_and_none_of_a_working_day_grows_a_card_base():
    assert platform_plan(name="quick").execute.isdisjoint(LOAD_ROWS)
    assert set(LOAD_ROWS) - platform_plan(name="without-endurance").execute == {"EHC-PRF-004"}


@pytest.mark.parametrize(
    ("role", "rows", "said"),
    [
        ("platform_host", {"EHC-PLT-006", "EHC-PLT-012", "EHC-PLT-013", "EHC-PLT-017", "EHC-PLT-018"}, "does not run"),
        ("platform_officers", {"EHC-PLT-007"}, "officer_tokens"),
        ("platform_admin", {"EHC-PLT-002", "EHC-PLT-007", "EHC-PLT-010", "EHC-PLT-011", "EHC-PLT-012"}, "admin_token"),
    ],
)
def test_a_row_is_left_out_where_the_bench_cannot_reach_what_it_needs_of_a_platform(role, rows, said):
    plan = platform_plan(role)
    assert rows <= set(plan.left_out)
    assert {plan.left_out[row].verdict for row in rows} == {Verdict.NOT_ASSESSED}
    assert all(said in plan.left_out[row].reason.en for row in rows)
    assert "EHC-PLT-005" in plan.execute


def test_rows_that_only_go_faster_with_a_turned_clock_are_run_without_one():
    plan = platform_plan("platform_clock")
    assert {"EHC-PLT-004", "EHC-PLT-007"} <= plan.execute


@pytest.mark.parametrize(("option", "row"), [("online_issuance", "EHC-PLT-001"), ("offline_issuance", "EHC-PLT-002")])
def test_a_platform_is_excused_from_the_issuance_it_does_not_offer(option, row):
    assert reason(platform_plan(**{option: "no"}), row)[0] is Verdict.NOT_APPLICABLE


def test_the_quick_plan_of_a_platform_leaves_out_whole_rows():
    left_out = platform_plan(name="quick").left_out
    assert {"EHC-PLT-008", "EHC-PLT-015"} <= set(left_out)
    assert {found.reason.en for found in left_out.values()} == {"not part of the quick plan"}
