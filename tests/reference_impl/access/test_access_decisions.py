"""Twenty applications by twenty requests: four hundred decisions, each compared with a table written apart."""

import itertools

import pytest
from enrolment import NOW_MS, refusal_of

from reference_impl.access import standing
from reference_impl.access.standing import Standing

A, F, N = "authorised", "frozen", "applied"

CALLERS = [
    # institution's state, application's state, kind, level, scopes granted by name ("" for those of kind and level)
    (A, A, "hospital", "3", ""),
    (A, A, "hospital", "2", ""),
    (A, A, "primary-care", "township", ""),
    (A, A, "primary-care", "community", ""),
    (A, A, "primary-care", "village", ""),
    (A, A, "public-health", "other", ""),
    (A, A, "online-service", "other", ""),
    (A, A, "bank", "other", ""),
    (A, A, "insurance", "other", ""),
    (A, A, "other", "other", ""),
    (A, A, "hospital", "3", "verify"),
    (A, A, "hospital", "3", "org"),
    (A, A, "bank", "other", "verify usage"),
    (F, A, "hospital", "3", ""),
    (A, F, "hospital", "3", ""),
    (N, A, "hospital", "3", ""),
    (A, N, "hospital", "3", ""),
    ("deleted", A, "hospital", "3", ""),
    (A, "deleted", "hospital", "3", ""),
    (F, F, "hospital", "3", "org"),
]

MAY = [
    # What each of the callers above may do at a terminal in force, in the same order; "-" where it may do nothing.
    "issue code verify query link record usage",
    "issue code verify query link record usage",
    "issue code verify query link record usage",
    "issue code verify query link record usage",
    "verify query usage",
    "verify query record usage",
    "issue code query link usage",
    "issue code",
    "verify usage",
    "verify",
    "verify",
    "org",
    "verify usage",
    "-",
    "-",
    "-",
    "-",
    "-",
    "-",
    "-",
]

WANTS = ("issue", "code", "verify", "query", "link", "record", "usage", "org")
REQUESTS = [
    *((want, "T-force") for want in WANTS),
    *((want, "T-frozen") for want in WANTS[:4]),
    *((want, "T-applied") for want in WANTS[4:]),
    ("verify", "T-deleted"),
    ("verify", "T-none"),
    ("verify", ""),
    ("verify", "T-next"),
]
"""Scope, and the terminal it is asked from; T-next is in force, but belongs to the caller's neighbour."""


def expected(caller, request):
    if MAY[caller] == "-":
        return "app_suspended"
    scope, terminal = REQUESTS[request]
    if terminal != "T-force":
        return "terminal_refused"
    return "" if scope in MAY[caller].split() else "out_of_scope"


@pytest.fixture
def app_ids(enrolment):
    with enrolment.engine.begin() as connection:
        return [enrol(enrolment, connection, caller) for caller in range(len(CALLERS))]


def enrol(enrolment, connection, caller):
    org_state, app_state, kind, level, scopes = CALLERS[caller]
    org_code = f"4399000001{caller:02}"
    enrolment.institution(connection, org_code, state=Standing.APPLIED, kind=kind, level=level)
    made = enrolment.app(connection, org_code, state=Standing.APPLIED, scopes=tuple(scopes.split())).application
    enrolment.terminal(connection, made.app_id, "T-force")
    enrolment.terminal(connection, made.app_id, f"T-of-{caller}")
    enrolment.terminal(connection, made.app_id, "T-frozen")
    enrolment.terminal(connection, made.app_id, "T-deleted")
    enrolment.terminal(connection, made.app_id, "T-applied", state=Standing.APPLIED)
    standing.change(connection, standing.terminal(made.app_id, "T-frozen"), Standing.FROZEN, enrolment.act())
    standing.change(connection, standing.terminal(made.app_id, "T-deleted"), Standing.DELETED, enrolment.act())
    bring(enrolment, connection, standing.application(made.app_id), app_state)
    bring(enrolment, connection, standing.institution(org_code), org_state)
    return made.app_id


def bring(enrolment, connection, subject, state):
    for step in {N: (), A: (A,), F: (A, F)}.get(state, ("deleted",)):
        standing.change(connection, subject, Standing(step), enrolment.act())


def test_four_hundred_decisions(enrolment, app_ids):
    assert (len(CALLERS), len(MAY), len(REQUESTS)) == (20, 20, 20)
    wrong = []
    for caller, request in itertools.product(range(20), range(20)):
        scope, terminal = REQUESTS[request]
        terminal = f"T-of-{(caller + 1) % 20}" if terminal == "T-next" else terminal
        account = enrolment.accounts.find(app_ids[caller])
        said = refusal_of(lambda account=account, t=terminal, s=scope: account.require(t, s, NOW_MS))
        if said != expected(caller, request):
            wrong.append((CALLERS[caller], REQUESTS[request], said))
    assert wrong == []


def test_the_table_holds_every_kind_of_decision():
    decided = [expected(caller, request) for caller, request in itertools.product(range(20), range(20))]
    assert {said: decided.count(said) for said in set(decided)} == {
        "": sum(len(may.split()) for may in MAY if may != "-"),
        "app_suspended": 7 * 20,
        "terminal_refused": 13 * 12,
        "out_of_scope": 13 * 8 - sum(len(may.split()) for may in MAY if may != "-"),
    }
