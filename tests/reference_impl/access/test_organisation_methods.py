"""Institutions registered through the gateway: what a registrar is told, and what another registrar is not."""

import json

from enrolment import NOW_MS, refusal_of
from sqlalchemy import select

from reference_impl.access import applications, institutions, standing, terminals
from reference_impl.access.applications import Application
from reference_impl.access.institutions import Institution
from reference_impl.access.standing import Act, Standing
from reference_impl.access.terminals import Terminal
from reference_impl.storage.schema import AUDIT
from reference_impl.wire.envelope import Credentials

ADD, UPDATE, QUERY = (f"ehc.ehealthcode.{verb}org" for verb in ("add", "update", "query"))
ORG = "439905000007"
SAID = {
    "orgname": "合成乡镇卫生院",
    "orgcode": ORG,
    "orgproperty": "primary-care",
    "orglevel": "township",
    "accessmethod": "2",
    "orghierarchy": "4",
    "orgaddr": "合成路七号",
    "validtime": "2027-01-31",
    "valid": "1",
}
ACT = Act("admin", NOW_MS, "test")


def enrolled(bench, org_code, scopes, state=Standing.AUTHORISED):
    """Enrol another institution whose application may do ``scopes``; return its credentials."""
    keyring, random = bench.platform.parts.keyring, bench.platform.parts.random

    def job(connection):
        institutions.create(
            connection, keyring, Institution(org_code, "合成平台", "other", "other", "439900", state), random, ACT
        )
        wanted = Application("", org_code, "合成应用", "hn-a", scopes, None, Standing.AUTHORISED)
        made = applications.create(connection, keyring, wanted, random, ACT)
        app_id = made.application.app_id
        terminals.create(connection, Terminal(app_id, "T01", "99", app_id, "none", Standing.AUTHORISED), ACT)
        return Credentials(app_id, made.secret, "T01")

    return bench.do(job)


def as_caller(bench, credentials):
    bench.credentials = credentials
    return bench


def bring(bench, subject, *states):
    def job(connection):
        for state in states:
            standing.change(connection, subject, Standing(state), ACT)

    bench.do(job)


def test_add_and_query(bench):
    added = bench.call(ADD, SAID)
    assert added.code == "000"
    assert set(added.biz) == {"app_id", "app_secret"}
    asked = bench.call(QUERY, {"orgcode": ORG})
    assert dict(asked.biz) == {
        **SAID,
        "prefecture": "439905",
        "ownership": "public",
        "valid": "0",
        "state": "applied",
    }
    with bench.platform.readers.connect() as connection:
        made = applications.find(connection, str(added.biz["app_id"]))
        assert (made.org_code, made.state, made.dialect) == (ORG, "applied", "hn-a")
        rows = connection.execute(select(AUDIT).where(AUDIT.c.op == ADD)).all()
    assert [(row.outcome, json.loads(row.detail)) for row in rows] == [("000", {"org": ORG, "app": made.app_id})]
    assert added.biz["app_secret"] not in repr(rows)


def test_what_was_added_may_act_once_the_province_agrees(bench):
    added = bench.call(ADD, SAID)
    app_id = str(added.biz["app_id"])
    bench.do(lambda c: terminals.create(c, Terminal(app_id, "T01", "01", "SYN-7", "none", Standing.AUTHORISED), ACT))
    theirs = as_caller(bench, Credentials(app_id, str(added.biz["app_secret"]), "T01"))
    assert theirs.call("ehc.ehealthcode.query", {"ehealth_card_id": "0" * 64}).code == "104"
    bring(bench, standing.institution(ORG), "authorised")
    assert theirs.call("ehc.ehealthcode.query", {"ehealth_card_id": "0" * 64}).code == "104"
    bring(bench, standing.application(app_id), "authorised")
    assert theirs.call("ehc.ehealthcode.query", {"ehealth_card_id": "0" * 64}).code == "301"
    # The last valid day is valid to its end, China time.
    bench.clock.now = 1_801_411_199
    assert theirs.call("ehc.ehealthcode.query", {"ehealth_card_id": "0" * 64}).code == "301"
    bench.clock.now = 1_801_411_200
    assert theirs.call("ehc.ehealthcode.query", {"ehealth_card_id": "0" * 64}).code == "104"


def test_update_changes_what_is_said_and_nothing_else(bench):
    bench.call(ADD, SAID)
    assert bench.call(UPDATE, {"orgcode": ORG, "orgname": "合成中心卫生院", "validtime": ""}).code == "000"
    assert dict(bench.call(QUERY, {"orgcode": ORG}).biz) == {
        **SAID,
        "orgname": "合成中心卫生院",
        "validtime": "",
        "prefecture": "439905",
        "ownership": "public",
        "valid": "0",
        "state": "applied",
    }


def test_who_owns_it_is_said_and_put_right(bench):
    bench.call(ADD, {**SAID, "ownership": "private"})
    told = []
    for changed in ({"orgname": "改名"}, {"ownership": "public"}):
        told.append(bench.call(QUERY, {"orgcode": ORG}).biz["ownership"])
        assert bench.call(UPDATE, {"orgcode": ORG, **changed}).code == "000"
    assert [*told, bench.call(QUERY, {"orgcode": ORG}).biz["ownership"]] == ["private", "private", "public"]


def test_a_registrar_undoes_its_own_freezing_and_not_the_provinces(bench):
    bench.call(ADD, SAID)
    # What the province has not authorised yet is not put in force by the registrar.
    assert bench.call(UPDATE, {"orgcode": ORG, "valid": "1"}).code == "120"
    bring(bench, standing.institution(ORG), "authorised")
    states = []
    for valid in ("0", "0", "1", "1"):
        assert bench.call(UPDATE, {"orgcode": ORG, "valid": valid}).code == "000"
        asked = bench.call(QUERY, {"orgcode": ORG}).biz
        states.append((asked["valid"], asked["state"]))
    assert states == [("0", "frozen"), ("0", "frozen"), ("1", "authorised"), ("1", "authorised")]
    bring(bench, standing.institution(ORG), "frozen")
    assert bench.call(UPDATE, {"orgcode": ORG, "valid": "1"}).code == "120"
    bring(bench, standing.institution(ORG), "deleted")
    assert bench.call(UPDATE, {"orgcode": ORG, "orgname": "合成"}).code == "120"


def test_a_refused_update_changes_nothing(bench):
    bench.call(ADD, SAID)
    assert bench.call(UPDATE, {"orgcode": ORG, "orgname": "改名", "valid": "1"}).code == "120"
    assert bench.call(QUERY, {"orgcode": ORG}).biz["orgname"] == SAID["orgname"]


def test_other_registrars_institutions_are_unknown(bench):
    bench.call(ADD, SAID)
    own = bench.credentials
    as_caller(bench, enrolled(bench, "439900000100", ("org",)))
    assert bench.call(QUERY, {"orgcode": ORG}).code == "115"
    assert bench.call(UPDATE, {"orgcode": ORG, "orgname": "合成"}).code == "115"
    assert bench.call(QUERY, {"orgcode": "439900000999"}).code == "115"
    assert bench.call(ADD, SAID).code == "117"
    as_caller(bench, own)
    # Not even the first institution of the platform was registered by anyone.
    assert bench.call(QUERY, {"orgcode": "439900000001"}).code == "115"


def test_registering_is_a_scope_of_its_own(bench):
    as_caller(bench, enrolled(bench, "439900000100", ("issue", "code", "verify", "query", "link", "record", "usage")))
    assert {bench.call(method, SAID).code for method in (ADD, UPDATE, QUERY)} == {"111"}


WRONG = [
    ("orgcode", "430100000001"),
    ("orgcode", ""),
    ("orgname", ""),
    ("orglevel", "4"),
    ("orgproperty", "school"),
    ("accessmethod", "4"),
    ("orghierarchy", "6"),
    ("validtime", "2027-02-30"),
    ("validtime", "2027-1-31"),
    ("valid", "2"),
    ("prefecture", "440100"),
    ("ownership", "state"),
    ("orgaddr", "x" * 513),
]


def test_fields_are_refused_by_their_name_on_the_wire(bench):
    for field, value in WRONG:
        answer = bench.call(ADD, {**SAID, field: value})
        assert (answer.code, answer.message.rpartition(": ")[2]) == ("110", field)
    assert bench.call(QUERY, {"orgcode": ORG}).code == "115"


def test_a_code_without_a_region_needs_its_prefecture_said(bench):
    said = {**SAID, "orgcode": "D2143569-X"}
    assert bench.call(ADD, said).message.endswith(": prefecture")
    assert bench.call(ADD, {**said, "prefecture": "430100"}).code == "000"
    assert bench.call(QUERY, {"orgcode": "D2143569X"}).biz["prefecture"] == "430100"


def test_the_first_institution_is_traced(bench):
    with bench.platform.readers.connect() as connection:
        assert standing.trace(connection, standing.institution("439900000001"))[0].actor == "platform"
        assert refusal_of(lambda: institutions.find(connection, "439900000002")) == "unknown_institution"
