"""A control character in whatever business field of whatever method: refused by name, and on the audit."""

import asyncio
import json
from random import Random

import pytest
from sqlalchemy import select

from fixtures.gateway_grammar import FIELDS
from reference_impl.door.methods.table import METHODS
from reference_impl.door.use import VERIFY
from reference_impl.records.china_time import moment_text
from reference_impl.refusals import BAD_FIELD, MALFORMED_CODE, UNKNOWN_APP
from reference_impl.storage.schema import AUDIT
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import open_response, seal_request
from reference_impl.wire.exchange import Credentials, HttpRequest
from reference_impl.wire.registry import Caller, client, profiles
from reference_impl.wire.vocabulary import INSTITUTIONS, REGISTER_BATCH

UPDATE_ORG, SHARE = "ehc.ehealthcode.updateorg", "ehc.record.share"
EVERY_FIELD = sorted({*FIELDS, "ehealth_card_id", "id_no", "a_field_nobody_reads"})
ORG = {
    "orgname": "合成卫生院",
    "orgcode": "439900000007",
    "orgproperty": "primary-care",
    "orglevel": "township",
    "orgaddr": "合成路1号",
}


def refused(answer):
    return answer.code, answer.message.rpartition(": ")[2]


def audited(bench):
    with bench.platform.readers.connect() as connection:
        return [tuple(row) for row in connection.execute(select(AUDIT.c.op, AUDIT.c.outcome))]


def answers(bench, asked):
    """Ask everything at once, which shares transactions; return the answers as they were opened."""
    now, gateway = bench.now_ms(), bench.platform.gateway

    async def ask(method, fields):
        body = json.dumps(seal_request(HN_A, bench.credentials, method, fields, now)).encode()
        http = HttpRequest("/gateway", "application/json", body)
        answer = await gateway.answer(bench.profile, http, "127.0.0.1")
        return open_response(HN_A, bench.credentials, json.loads(answer.body), method, now)

    async def ask_all():
        return await asyncio.gather(*(ask(method, fields) for method, fields in asked))

    return bench.wait(ask_all())


def test_every_field_of_every_method(bench):
    for method in (*METHODS, VERIFY):
        before = len(audited(bench))
        found = answers(bench, [(method, {name: "a\x00"}) for name in EVERY_FIELD])
        assert [refused(answer) for answer in found] == [(BAD_FIELD.code, name) for name in EVERY_FIELD]
        assert audited(bench)[before:] == [(method, BAD_FIELD.code)] * len(EVERY_FIELD)


@pytest.mark.parametrize("character", ["\x00", "\x01", "\t", "\n", "\x1b", "\x7f", "\x85", "\x9f"])
def test_what_would_otherwise_be_stored_or_looked_for(bench, character):
    assert bench.call("ehc.ehealthcode.addorg", ORG).success
    for method, fields, name in (
        (UPDATE_ORG, {"orgcode": ORG["orgcode"], "orgaddr": f"合成{character}路"}, "orgaddr"),
        (INSTITUTIONS, {"parent_org_code": character}, "parent_org_code"),
    ):
        before = len(audited(bench))
        assert refused(bench.call(method, fields)) == (BAD_FIELD.code, name)
        assert audited(bench)[before:] == [(method, BAD_FIELD.code)]
    assert bench.call("ehc.ehealthcode.queryorg", {"orgcode": ORG["orgcode"]}).biz["orgaddr"] == ORG["orgaddr"]


def test_a_field_whose_name_holds_one_is_not_repeated(bench):
    answer = bench.call(INSTITUTIONS, {"org\x00": "1"})
    assert (answer.code, answer.message) == (BAD_FIELD.code, BAD_FIELD.message())


@pytest.mark.parametrize("dialect", ["front-box", "primary-care", "wechat"])
def test_an_application_nobody_can_have_is_unknown(bench, dialect):
    caller = Caller(Credentials("hn\x00", "0123456789abcdefghij", ""), Random(1).randbytes, hospital_id="1")
    method = INSTITUTIONS if dialect == "primary-care" else VERIFY
    sent = client(dialect, caller).seal_call(method, {"ehealth_code": "x"}, bench.now_ms())
    seen = []
    bench.platform.gateway.observe = lambda method, outcome, seconds: seen.append(outcome)
    bench.wait(bench.platform.gateway.answer(profiles(Random(1).randbytes)[dialect], sent.http, "127.0.0.1"))
    assert seen == [UNKNOWN_APP.code]


def test_a_scanned_text_is_refused_as_one(bench):
    card_id = bench.register()
    for method in ("ehc.ehealthcode.query", VERIFY):
        place = {"medstepcode": "010101", "channelcode": "0100"}
        answer = bench.call(method, {**place, "ehealth_code": f"{card_id}:1\r"})
        assert answer.code == MALFORMED_CODE.code


def test_a_document_has_lines_and_nothing_else(bench):
    record = {
        "ehealth_card_id": bench.register(),
        "record_kind": "emr-summary",
        "document_type": "discharge",
        "document_time": moment_text(bench.now_ms(), "%Y%m%d%H%M%S"),
    }
    lines = "first\r\n\tsecond"
    shared = bench.call(SHARE, {**record, "record_no": "R1", "content": lines})
    fetched = bench.call("ehc.record.fetch", {**record, "record_id": str(shared.biz["record_id"])})
    assert fetched.biz["content"] == lines
    for character in ("\x00", "\x0b", "\x1b", "\x85"):
        answer = bench.call(SHARE, {**record, "record_no": "R2", "content": f"a{character}"})
        assert refused(answer) == (BAD_FIELD.code, "content")


def test_a_batch_may_be_written_in_lines_but_nobody_in_it(bench, person):
    def ask(people):
        return bench.call(REGISTER_BATCH, {"items": json.dumps(people, indent=1), "clerk_id": "C7"})

    words = {"idType": "01", "idNumber": person(1)["id_no"], "name": person(1)["name"]}
    assert refused(ask([{**words, "address": "a\x00b"}])) == (BAD_FIELD.code, "address")
    assert ask([words]).biz["outcome"] == ("000",)
