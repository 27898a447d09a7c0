"""Shared records: who sees what, by whose leave, and what the audit says of it."""

import json

import pytest
from sqlalchemy import select, update

from reference_impl.errors import PlatformError
from reference_impl.keys.keyring import open_keyring
from reference_impl.keys.life_cycle import rotate
from reference_impl.keys.resealing import seal_some_anew
from reference_impl.records.china_time import moment_text
from reference_impl.records.sharing import MAX_CONTENT_BYTES, PAGE_RECORDS, SEALED_CONTENT
from reference_impl.refusals import OUTCOMES
from reference_impl.storage.schema import AUDIT
from reference_impl.storage.schema_records import SHARED_RECORDS

TIME = "%Y%m%d%H%M%S"
CONTENT = "出院小结：合成患者，恢复良好。"


@pytest.fixture
def card(bench):
    return bench.register()


@pytest.fixture
def away(enrol):
    """Another public hospital of level 2."""
    return enrol("439900000002")


def at(caller, days=0.0):
    return moment_text(int((caller.clock.now + days * 86_400) * 1000), TIME)


def said(answer):
    return OUTCOMES[answer.code].name


def share(caller, card, number="R1", kind="emr-summary", content=CONTENT, **fields):
    biz = {
        "ehealth_card_id": card,
        "record_kind": kind,
        "document_type": "discharge",
        "record_no": number,
        "document_time": at(caller, -1),
        "content": content,
    }
    return caller.call("ehc.record.share", biz | fields)


def grant(caller, card, grantee="all-public", kinds="emr-summary", days=30, **fields):
    biz = {
        "ehealth_card_id": card,
        "grantee": grantee,
        "record_kinds": kinds,
        "valid_to": at(caller, days),
        "clerk_id": "clerk7",
    }
    return caller.call("ehc.consent.grant", biz | fields)


def fetch(caller, card, **fields):
    return caller.call("ehc.record.fetch", {"ehealth_card_id": card, **fields})


def listed(caller, card, **fields):
    answer = fetch(caller, card, **fields)
    return sorted(json.loads(text)["record_id"] for text in answer.biz["records"]) if answer.success else said(answer)


def test_an_institution_sees_its_own_and_nobody_else_without_consent(bench, away, card):
    record = str(share(bench, card).biz["record_id"])
    assert listed(bench, card) == [record]
    assert fetch(bench, card, record_id=record).biz["content"] == CONTENT
    assert listed(away, card) == "no_consent"
    assert said(fetch(away, card, record_id=record)) == "no_consent"
    assert said(fetch(away, card, record_id="0" * 32)) == "no_consent"


def test_what_is_visible_is_ones_own_and_what_was_consented_to(bench, away, card):
    summary = str(share(bench, card, "R1").biz["record_id"])
    exam = str(share(bench, card, "R2", "exam-result").biz["record_id"])
    mine = str(share(away, card, "R1", "health-record").biz["record_id"])
    assert listed(away, card) == [mine]
    assert grant(bench, card, kinds="emr-summary").success
    assert listed(away, card) == sorted([summary, mine])
    assert listed(away, card, record_kind="emr-summary") == [summary]
    assert listed(away, card, record_kind="exam-result") == "no_consent"
    assert said(fetch(away, card, record_id=exam)) == "no_consent"
    assert grant(bench, card, kinds="exam-result,health-record").success
    assert listed(away, card) == sorted([summary, exam, mine])
    assert listed(bench, card) == sorted([summary, exam, mine])
    assert fetch(away, card, record_id=exam).biz["content"] == CONTENT


def test_a_consent_reaches_whom_it_names(bench, enrol, card):
    readers = {
        "level 2": enrol("439900000002"),
        "level 3": enrol("439900000003", level="3"),
        "village": enrol("439900000004", level="village", kind="primary-care"),
        "bank": enrol("439900000005", level="other", kind="bank"),
    }
    share(bench, card)

    def see():
        return {name for name, reader in readers.items() if listed(reader, card) != "no_consent"}

    def under(grantee):
        consent = str(grant(bench, card, grantee).biz["consent_id"])
        seen = see()
        biz = {"ehealth_card_id": card, "consent_id": consent, "clerk_id": "clerk7"}
        assert bench.call("ehc.consent.withdraw", biz).success
        assert see() == set()
        return seen

    assert under("all-public") == {"level 2", "level 3", "village"}
    assert under("level:3") == {"level 3"}
    assert under("level:village") == {"village"}
    assert under("org:439900000002") == {"level 2"}
    assert under("org:439900000005") == {"bank"}


def test_a_consent_holds_from_when_to_when_it_says(bench, away, card):
    share(bench, card)
    assert grant(bench, card, valid_from=at(bench, 1), days=2).success
    now = bench.clock.now
    seen = []
    for days in (0, 0.99, 1, 1.99, 2, 3):
        bench.clock.now = now + days * 86_400
        seen.append(listed(away, card) != "no_consent")
    assert seen == [False, False, True, True, False, False]


def test_a_withdrawn_consent_ends_at_once_and_for_good(bench, away, card):
    share(bench, card)
    consent = str(grant(bench, card).biz["consent_id"])
    assert listed(away, card) != "no_consent"
    biz = {"ehealth_card_id": card, "consent_id": consent}
    assert said(bench.call("ehc.consent.withdraw", biz)) == "evidence_required"
    first = bench.call("ehc.consent.withdraw", {**biz, "clerk_id": "clerk7"}).biz["withdrawn_time"]
    assert listed(away, card) == "no_consent"
    bench.clock.now += 60
    assert bench.call("ehc.consent.withdraw", {**biz, "clerk_id": "clerk7"}).biz["withdrawn_time"] == first
    other = bench.register(2)
    assert (
        said(bench.call("ehc.consent.withdraw", {**biz, "ehealth_card_id": other, "clerk_id": "c"}))
        == "unknown_consent"
    )


def test_a_dynamic_code_is_evidence_once_and_only_for_its_own_card(bench, away, card):
    share(bench, card)
    code = bench.dynamic(card)
    assert said(grant(bench, card, clerk_id="", ehealth_code=bench.dynamic(bench.register(2)))) == "bad_field"
    assert said(grant(bench, card, clerk_id="", ehealth_code=bench.static(card))) == "evidence_required"
    assert said(grant(bench, card, clerk_id="")) == "evidence_required"
    # A grant that is refused does not spend the code.
    assert said(grant(bench, card, "org:nobody", clerk_id="", ehealth_code=code)) == "bad_field"
    assert grant(bench, card, clerk_id="", ehealth_code=code).success
    assert said(grant(bench, card, clerk_id="", ehealth_code=code)) == "reused_code"
    assert said(bench.verify(code)) == "reused_code"
    late = bench.dynamic(card)
    bench.clock.now += 301
    assert said(grant(bench, card, clerk_id="", ehealth_code=late)) == "expired_code"


def test_terms_that_make_no_sense(bench, card):
    for fields in (
        {"grantee": "all"},
        {"grantee": "level:9"},
        {"grantee": "org:439900009999"},
        {"grantee": "a\x00b"},
        {"kinds": "emr-summary,x-ray"},
        {"kinds": ","},
        {"days": 0},
        {"days": -1},
        {"valid_from": at(bench, 31)},
        {"valid_from": "tomorrow"},
    ):
        assert said(grant(bench, card, **fields)) == "bad_field", fields


def test_only_an_active_card_consents_and_opens_records(bench, away, card):
    share(bench, card)
    grant(bench, card)
    bench.call("ehc.ehealthcard.freeze", {"ehealth_card_id": card})
    assert said(grant(bench, card)) == "card_not_active"
    assert said(fetch(away, card)) == "card_not_active"
    # A result that comes in late still reaches the file.
    assert share(bench, card, "R2").success
    bench.call("ehc.ehealthcard.unfreeze", {"ehealth_card_id": card})
    assert len(listed(away, card)) == 2


def test_a_document_shared_again_keeps_its_id_and_another_under_its_number_is_refused(bench, away, card):
    first = share(bench, card).biz
    assert share(bench, card).biz == first
    assert said(share(bench, card, content="another")) == "record_differs"
    assert said(share(bench, bench.register(2))) == "record_differs"
    assert share(away, card).success
    assert len(listed(bench, card)) == 1


def test_content_has_a_limit_in_bytes(bench, card):
    assert said(share(bench, card, "R0", content="")) == "bad_field"
    assert share(bench, card, "R1", content="x" * MAX_CONTENT_BYTES).success
    assert said(share(bench, card, "R2", content="x" * (MAX_CONTENT_BYTES + 1))) == "record_too_large"
    assert said(share(bench, card, "R3", content="汉" * (MAX_CONTENT_BYTES // 3 + 1))) == "record_too_large"


def test_long_lists_come_in_pages(bench, card):
    records = [str(share(bench, card, f"R{n}").biz["record_id"]) for n in range(PAGE_RECORDS + 3)]
    first = fetch(bench, card).biz
    rest = fetch(bench, card, after=str(first["next"])).biz
    told = [json.loads(text)["record_id"] for text in (*first["records"], *rest["records"])]
    assert told == records
    assert rest["next"] == ""
    assert said(fetch(bench, card, after="x")) == "bad_field"


def test_records_are_sealed_at_rest_and_bound_to_their_place(bench, card):
    ids = [str(share(bench, card, number, content=CONTENT + number).biz["record_id"]) for number in ("R1", "R2")]
    with bench.platform.engine.begin() as connection:
        rows = connection.execute(select(SHARED_RECORDS)).all()
        for here, there in (rows, rows[::-1]):
            assert CONTENT[:4].encode() not in here.sealed_content
            connection.execute(
                update(SHARED_RECORDS)
                .where(SHARED_RECORDS.c.record_id == here.record_id)
                .values(sealed_content=there.sealed_content)
            )
    with pytest.raises(PlatformError, match="does not open"):
        fetch(bench, card, record_id=ids[0])


def test_records_open_after_the_key_was_rotated_and_they_were_sealed_anew(bench, open_bench, card):
    record = str(share(bench, card).biz["record_id"])
    platform = bench.platform

    def rotated(connection):
        rotate(connection, platform.memory.root, "person-data", 0, bench.now_ms(), platform.parts.random)
        keyring = open_keyring(connection, platform.memory.root, bench.now_ms())
        some = seal_some_anew(connection, SEALED_CONTENT, keyring.person_data, platform.parts.random, 100)
        some.put_back(connection)
        return len(some.rows)

    assert bench.do(rotated) == 1
    again = open_bench()
    assert fetch(again, card, record_id=record).biz["content"] == CONTENT


def test_every_access_is_audited_and_tells_nothing_of_the_holder(bench, away, card, person):
    record = str(share(bench, card).biz["record_id"])
    consent = str(grant(bench, card).biz["consent_id"])
    fetch(away, card, record_id=record)
    fetch(away, card)
    fetch(away, card, record_id="0" * 32)
    with bench.platform.readers.connect() as connection:
        rows = connection.execute(
            select(AUDIT).where(AUDIT.c.op.like("ehc.record.%") | AUDIT.c.op.like("ehc.consent.%"))
        )
        rows = sorted(rows.all(), key=lambda row: row.seq)
    told = [(row.op.rpartition(".")[2], row.org_code, row.outcome, json.loads(row.detail)) for row in rows]
    own, other = "439900000001", "439900000002"
    terms = {"consent_id": consent, "grantee": "all-public", "kinds": "emr-summary", "evidence": "clerk"}
    access = {"records": "1", "record_id": record, "own": "0", "consents": consent}
    assert told == [
        ("share", own, "000", {"record_id": record, "kind": "emr-summary"}),
        ("grant", own, "000", terms),
        ("fetch", other, "000", access),
        ("fetch", other, "000", access),
        ("fetch", other, "555", {}),
    ]
    assert [row.card_id for row in rows] == [card] * 4 + [""]
    assert rows[1].actor == "clerk7"
    everything = "".join(str(row) for row in rows)
    for hidden in (person(1)["id_no"], person(1)["name"], CONTENT):
        assert hidden not in everything
