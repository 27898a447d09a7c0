"""An identity number in whatever field of a caller: it is refused, or kept as a keyed hash, and never in clear."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from reference_impl.records.china_time import moment_text
from reference_impl.records.own_numbers import own_number_key
from reference_impl.storage.schema import AUDIT, SCHEMA
from reference_impl.storage.schema_records import SHARED_RECORDS, USAGE_REPORTS, VISITS
from reference_impl.wire.vocabulary import REGISTER_BATCH, USAGE, VISIT

SHARE, FREEZE = "ehc.record.share", "ehc.ehealthcard.freeze"
NUMBER = "439900199001010074"
CARD_NUMBER = "9999991234567890"
NUMBERED = [
    (USAGE, ("seq_no", "visit_no", "patient_no")),
    (VISIT, ("seq_no", "visit_no", "patient_no")),
    (SHARE, ("record_no",)),
]
IN_WORDS = [
    (USAGE, ("department_type", "channel_sn", "payChannel")),
    (VISIT, ("department_type", "channel_sn", "payChannel")),
    (SHARE, ("document_type",)),
]


def fields_of(bench, method, card_id):
    now = moment_text(bench.now_ms(), "%Y%m%d%H%M%S")
    card = {"ehealth_card_id": card_id}
    if method == SHARE:
        return {
            **card,
            "record_kind": "emr-summary",
            "document_type": "discharge",
            "record_no": "R1",
            "document_time": now,
            "content": f"of {NUMBER}",
        }
    place = {"department_type": "d", "channel_code": "0100", "med_step_code": "010101"}
    return {**card, **place, "seq_no": "1", "visit_no": "V1", "time": now}


def each(cases):
    return [(method, name) for method, names in cases for name in names]


def audited(bench):
    with bench.platform.readers.connect() as connection:
        return connection.execute(select(AUDIT).order_by(AUDIT.c.lane, AUDIT.c.seq)).all()


def everything(bench):
    """Every value in every table, bytes as the text they may be."""
    with bench.platform.readers.connect() as connection:
        for table in SCHEMA.sorted_tables:
            for row in connection.execute(select(table)):
                for value in row:
                    yield table.name, value.decode("latin-1") if isinstance(value, bytes) else str(value)


def in_clear(bench, *texts):
    return {name for name, value in everything(bench) if any(text in value for text in texts)}


@pytest.mark.parametrize(("method", "name"), each(NUMBERED))
def test_an_institutions_own_number_is_kept_as_a_keyed_hash_whatever_it_is(bench, method, name):
    fields = {**fields_of(bench, method, bench.register()), name: NUMBER}
    assert bench.call(method, fields).success
    again = bench.call(method, fields)
    assert again.success
    assert again.biz.get("counted", "0") == "0"
    assert not in_clear(bench, NUMBER)


def test_what_is_kept_of_a_number_depends_on_key_kind_and_owner(bench):
    keys = {
        own_number_key(*said, NUMBER)
        for said in ((b"k", "visit", "a"), (b"l", "visit", "a"), (b"k", "report", "a"), (b"k", "visit", "b"))
    }
    assert len(keys) == 4
    assert own_number_key(b"k", "visit", "a", "") == ""
    card_id = bench.register()
    for method in (USAGE, SHARE):
        assert bench.call(method, fields_of(bench, method, card_id)).success
    key, org, app = bench.platform.parts.keyring.person_lookup, "439900000001", bench.credentials.app_id
    with bench.platform.readers.connect() as connection:
        kept = [
            connection.scalar(select(c)) for c in (VISITS.c.visit, USAGE_REPORTS.c.seq_no, SHARED_RECORDS.c.source_no)
        ]
    assert kept == [
        "n:" + own_number_key(key, "visit", org, "V1"),
        own_number_key(key, "report", app, "1"),
        own_number_key(key, "record", org, "R1"),
    ]


@pytest.mark.parametrize("number", [NUMBER, f"of {CARD_NUMBER[::-1]}", "４３９９００１９９００１０１００７４"])
@pytest.mark.parametrize(("method", "name"), each(IN_WORDS))
def test_words_kept_in_clear_have_no_long_number(bench, method, name, number):
    if name == "channel_sn":
        number = number.replace(" ", "-")
    fields = {**fields_of(bench, method, bench.register()), name: number}
    answer = bench.call(method, fields)
    assert (answer.code, answer.message.rpartition(": ")[2]) == ("110", name)
    assert not in_clear(bench, number)


def test_a_method_that_is_none_is_audited_by_no_name(bench):
    assert bench.call(f"ehc.{NUMBER}", {}).code == "109"
    assert (audited(bench)[-1].op, audited(bench)[-1].outcome) == ("other", "109")
    assert not in_clear(bench, NUMBER)


@pytest.mark.parametrize(
    ("term_id", "shown"),
    [(NUMBER, "other"), (f"T{CARD_NUMBER}", "other"), ("T-of-nobody", "T-of-nobody"), ("x" * 33, "other")],
)
def test_a_terminal_nobody_enrolled_is_audited_by_its_name_only_where_it_may_be_one(bench, term_id, shown):
    card_id = bench.register()
    bench.credentials = replace(bench.credentials, term_id=term_id)
    assert bench.call("ehc.ehealthcode.query", {"ehealth_card_id": card_id}).code == "105"
    assert bench.verify(f"{card_id}:1").code == "105"
    assert [row.term_id for row in audited(bench) if row.outcome == "105"] == [shown, shown]


@pytest.mark.parametrize("name", ["reason", "clerk_id"])
@pytest.mark.parametrize("about", ["name", "id_no", "cellphone"])
def test_neither_reason_nor_clerk_tells_who_the_holder_is(bench, person, name, about):
    holder = {**person(1), "cellphone": "19900000001"}
    card_id = str(bench.call("ehc.ehealthcard.register", holder).biz["ehealth_card_id"])
    change = {"ehealth_card_id": card_id, name: f"({holder[about]})"}
    for method, more in ((FREEZE, {}), ("ehc.ehealthcard.alterinfo", {"address": "合成路"})):
        answer = bench.call(method, {**change, **more})
        assert (answer.code, answer.message.rpartition(": ")[2]) == ("110", name)
    assert not in_clear(bench, holder[about])
    assert bench.call(FREEZE, {"ehealth_card_id": card_id, name: "报失"}).success


def test_a_reason_does_not_tell_the_name_a_holder_is_given(bench, person):
    card_id, new = bench.register(1), {**person(1), "name": "合成新名"}
    answer = bench.call("ehc.ehealthcard.alterinfo", {"ehealth_card_id": card_id, **new, "reason": "now 合成新名"})
    assert (answer.code, answer.message.rpartition(": ")[2]) == ("110", "reason")
    assert not in_clear(bench, "合成新名")


CLERKED = [
    ("ehc.ehealthcard.register", {"apply_type": "3"}),
    ("ehc.ehealthcard.bind", {"link_kind": "visit-card", "link_number": "A-1234"}),
    ("ehc.ehealthcard.unbind", {"link_kind": "visit-card", "link_number": "A-1234"}),
    ("ehc.consent.grant", {"grantee": "all-public", "record_kinds": "emr-summary", "valid_to": "20300101000000"}),
    ("ehc.consent.withdraw", {"consent_id": "0" * 32}),
    (REGISTER_BATCH, {"items": '[{"idType":"01","idNumber":"439900199001010015","name":"合成居民一"}]'}),
]


@pytest.mark.parametrize(("method", "fields"), CLERKED)
def test_no_method_takes_the_holder_for_the_clerk(bench, person, method, fields):
    card_id = bench.register(1)
    link = {"ehealth_card_id": card_id, "link_kind": "visit-card", "link_number": "A-1234"}
    assert method != "ehc.ehealthcard.unbind" or bench.call("ehc.ehealthcard.bind", link).success
    who = person(1) if method == "ehc.ehealthcard.register" else {"ehealth_card_id": card_id}
    answer = bench.call(method, {**who, **fields, "clerk_id": person(1)["name"]})
    assert (answer.code, answer.message.rpartition(": ")[2]) == ("110", "clerk_id")
    assert not in_clear(bench, person(1)["name"])


@pytest.mark.parametrize("name", ["orgname", "orgaddr"])
def test_an_institution_is_not_called_by_a_number(bench, name):
    org = {"orgname": "合成卫生院", "orgcode": "439900000007", "orgproperty": "primary-care", "orglevel": "township"}
    assert bench.call("ehc.ehealthcode.addorg", org).success
    for method, fields in (("updateorg", {}), ("addorg", {"orgcode": "439900000008"})):
        answer = bench.call(f"ehc.ehealthcode.{method}", {**org, **fields, name: f"合成{NUMBER}"})
        assert (answer.code, answer.message.rpartition(": ")[2]) == ("110", name)
    assert not in_clear(bench, NUMBER)


def test_a_document_type_does_not_tell_who_the_holder_is(bench, person):
    card_id = bench.register(1)
    fields = {**fields_of(bench, SHARE, card_id), "document_type": f"{person(1)['name']}的小结"}
    answer = bench.call(SHARE, fields)
    assert (answer.code, answer.message.rpartition(": ")[2]) == ("110", "document_type")
