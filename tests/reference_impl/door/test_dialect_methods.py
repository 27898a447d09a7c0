"""The methods that dialects bring beside the usual ones, asked by their neutral names."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from reference_impl.access import institutions, standing
from reference_impl.access.institutions import Institution
from reference_impl.access.prefectures import PREFECTURES
from reference_impl.access.standing import Act, Standing
from reference_impl.door.methods import batches
from reference_impl.door.methods.batches import MAX_PERSONS
from reference_impl.door.methods.sessions import UNSERVED
from reference_impl.door.methods.table import METHODS
from reference_impl.door.use import VERIFY
from reference_impl.records.china_time import moment_text
from reference_impl.records.statistics import figures
from reference_impl.refusals import IDENTITY_MISMATCH, OUTCOMES, RefusalError
from reference_impl.storage.schema import APPS, AUDIT
from reference_impl.storage.schema_records import USAGE_REPORTS
from reference_impl.wire import vocabulary
from reference_impl.wire.vocabulary import (
    APP_TOKEN,
    BIND,
    CLOSE,
    DISPENSE,
    INSTITUTIONS,
    ORDER_ID,
    PUBLIC_HEALTH,
    QUERY,
    RECOGNISE_DOCUMENT,
    REGIONS,
    REGISTER,
    REGISTER_BATCH,
    SETTLE,
    USAGE,
    VISIT,
)

NEUTRAL = {value for name, value in vars(vocabulary).items() if name.isupper() and str(value).startswith("ehc.")}


def named(answer):
    return OUTCOMES[answer.outcome].name


def rows(bench, table):
    with bench.platform.readers.connect() as connection:
        return connection.execute(select(table).order_by(*table.primary_key)).all()


def act_of(bench, card, **fields):
    now = moment_text(bench.now_ms(), "%Y%m%d%H%M%S")
    return {"seq_no": "1", "time": now, **card, **fields}


def with_scopes(bench, scopes):
    app_id = bench.credentials.app_id
    bench.do(lambda c: c.execute(update(APPS).where(APPS.c.app_id == app_id).values(scopes=scopes)))
    bench.platform.accounts.clear()


def test_every_method_of_every_dialect_is_served_or_refused_for_a_reason():
    assert len(NEUTRAL) > 20
    assert NEUTRAL - set(METHODS) == {VERIFY}
    assert set(UNSERVED) == {ORDER_ID, RECOGNISE_DOCUMENT}
    assert all(len(reason) > 20 for reason in UNSERVED.values())


@pytest.mark.parametrize("method", sorted(UNSERVED))
def test_what_is_not_served_on_purpose_says_why_and_is_audited(bench, method):
    answer = bench.call(method, {})
    assert named(answer) == "unknown_method"
    assert UNSERVED[method] in answer.message
    assert (rows(bench, AUDIT)[-1].op, rows(bench, AUDIT)[-1].outcome) == (method, "109")


class TestLists:
    @pytest.fixture(autouse=True)
    def register(self, bench):
        act = Act("tests", bench.now_ms(), "needed by a test")
        parts = bench.platform.parts

        def job(connection):
            for number in range(2, 62):
                wanted = Institution(f"4399000001{number:02d}", f"机构{number}", "2", "hospital", "430100")
                state = Standing.APPLIED if number == 61 else Standing.AUTHORISED
                institutions.create(connection, parts.keyring, replace(wanted, state=state), parts.random, act)
            clinic = Institution("439900000200", "村卫生室", "village", "primary-care", "439907", Standing.AUTHORISED)
            institutions.create(connection, parts.keyring, clinic, parts.random, act)

        bench.do(job)

    def test_regions_are_the_province_s_and_those_with_an_institution(self, bench):
        biz = bench.call(REGIONS, {}).biz
        assert [code[:6] for code in biz["area_code"]] == sorted({*PREFECTURES, "439900", "439907"})
        assert dict(zip(biz["area_code"], biz["area_name"], strict=True))["430100000000"] == "长沙市"
        assert set(biz["parent_area_code"]) == {"430000000000"}
        assert bench.call(REGIONS, {"area_code": "430103000000"}).biz["area_name"] == ("长沙市",)
        assert bench.call(REGIONS, {"page_index": "2"}).biz["area_code"] == ()

    def test_institutions_come_in_pages_of_equal_columns(self, bench):
        first, second, third = (bench.call(INSTITUTIONS, {"page_index": page}).biz for page in "123")
        codes = [*first["org_code"], *second["org_code"]]
        assert codes == sorted(set(codes))
        assert (len(first["org_code"]), len(second["org_code"]), len(third["org_code"])) == (50, 11, 0)
        assert "439900000161" not in codes
        for biz in (first, second):
            assert {len(column) for column in biz.values()} == {len(biz["org_code"])}

    def test_institutions_of_an_area_a_kind_a_parent(self, bench):
        clinic = {"org_type": "primary-care"}
        biz = bench.call(INSTITUTIONS, clinic).biz
        assert (biz["orgname"], biz["area_code"]) == (("村卫生室",), ("439907000000",))
        assert bench.call(INSTITUTIONS, {"area_code": "439907000000"}).biz["org_code"] == ("439900000200",)
        assert len(bench.call(INSTITUTIONS, {"area_code": "430103000000"}).biz["org_code"]) == 50
        assert bench.call(INSTITUTIONS, {"area_code": "430103000000", **clinic}).biz["org_code"] == ()
        assert bench.call(INSTITUTIONS, {"parent_org_code": "439900000001"}).biz["org_code"] == ()
        child = {"orgcode": "439900000300", "orgname": "下级", "orglevel": "2", "orgproperty": "hospital"}
        assert bench.call("ehc.ehealthcode.addorg", child).success
        act = Act("tests", bench.now_ms(), "needed by a test")
        subject = standing.institution("439900000300")
        bench.do(lambda connection: standing.change(connection, subject, Standing.AUTHORISED, act))
        assert bench.call(INSTITUTIONS, {"parent_org_code": "439900000001"}).biz["org_code"] == ("439900000300",)

    @pytest.mark.parametrize(
        "biz",
        [
            {"page_index": "0"},
            {"page_index": "x"},
            {"area_code": "430100"},
            {"area_code": "110000000000"},
            {"org_type": "shop"},
        ],
    )
    def test_what_is_no_page_area_or_kind(self, bench, biz):
        assert named(bench.call(INSTITUTIONS, biz)) == "bad_field"
        if "org_type" not in biz:
            assert named(bench.call(REGIONS, biz)) == "bad_field"


class TestActions:
    def test_each_action_is_a_use_at_its_step_and_counted(self, bench, person):
        card_id = bench.register()
        for number, method in enumerate((VISIT, DISPENSE, SETTLE, PUBLIC_HEALTH)):
            fields = act_of(bench, {"ehealth_code": bench.dynamic(card_id)}, seq_no=str(number))
            biz = bench.call(method, fields).biz
            assert biz.items() >= {"ehealth_card_id": card_id, "counted": "1", **person(1)}.items()
            assert (rows(bench, AUDIT)[-1].op, rows(bench, AUDIT)[-1].card_id) == (method, card_id)
        told = [json.loads(row.detail)["step"] for row in rows(bench, AUDIT) if row.op.startswith("ehc.primarycare.")]
        assert told == ["010101", "010103", "010105", "000000"]
        assert sorted(row.step for row in rows(bench, USAGE_REPORTS)) == sorted(told)
        assert {row.channel for row in rows(bench, USAGE_REPORTS)} == {"0100"}
        with bench.platform.readers.connect() as connection:
            (kpi, _) = figures(connection, 0, bench.now_ms() + 1).figure("share_total").rows
        assert kpi[:3] == ("kpi", 1, 1)

    def test_a_code_is_used_up_by_an_action_and_by_verification_alike(self, bench):
        card_id = bench.register()
        code = bench.dynamic(card_id)
        assert bench.call(VISIT, act_of(bench, {"ehealth_code": code})).success
        assert named(bench.verify(code)) == "reused_code"
        code = bench.dynamic(card_id)
        assert bench.verify(code).success
        assert named(bench.call(VISIT, act_of(bench, {"ehealth_code": code}, seq_no="2"))) == "reused_code"
        assert len(rows(bench, USAGE_REPORTS)) == 1

    def test_an_action_sent_again_counts_once(self, bench):
        card_id = bench.register()
        fields = act_of(bench, {"ehealth_code": bench.dynamic(card_id)})
        assert [bench.call(SETTLE, fields).biz["counted"] for _ in range(2)] == ["1", "0"]
        other = act_of(bench, {"ehealth_code": bench.dynamic(card_id)}, visit_no="V2")
        assert named(bench.call(SETTLE, other)) == "report_differs"

    def test_a_card_is_named_or_shown_in_force(self, bench):
        card_id, other = bench.register(1), bench.register(2)
        assert bench.call(VISIT, act_of(bench, {"ehealth_card_id": card_id})).success
        both = {"ehealth_card_id": other, "ehealth_code": bench.static(card_id)}
        code = bench.dynamic(card_id)
        forged = code[:-1] + ("0" if code[-1] != "0" else "1")
        unknown = "0" * 64 + code[64:]
        bench.close(card_id)
        refused = {
            "bad_field": [both, {}],
            "closed_card": [{"ehealth_card_id": card_id}, {"ehealth_code": code}, {"ehealth_code": card_id + ":1"}],
            "forged_code": [{"ehealth_code": forged}, {"ehealth_code": unknown}],
            "unknown_card": [{"ehealth_code": "0" * 64 + ":1"}, {"ehealth_card_id": "0" * 64}],
            "malformed_code": [{"ehealth_code": card_id}],
        }
        for outcome, cards in refused.items():
            for card in cards:
                assert named(bench.call(VISIT, act_of(bench, card, seq_no="2"))) == outcome, card
        bench.clock.now += 61
        late = {"ehealth_code": bench.dynamic(other)}
        bench.clock.now += 61
        assert named(bench.call(VISIT, act_of(bench, late, seq_no="3"))) == "expired_code"
        assert len(rows(bench, USAGE_REPORTS)) == 1

    def test_an_action_needs_the_right_to_verify(self, bench):
        card_id = bench.register()
        with_scopes(bench, "query usage")
        assert named(bench.call(VISIT, act_of(bench, {"ehealth_card_id": card_id}))) == "out_of_scope"
        assert bench.call(REGIONS, {}).success


class TestBatch:
    def ask(self, bench, people, **fields):
        asked = {"items": json.dumps(people, ensure_ascii=False), "clerk_id": "C7", **fields}
        return bench.call(REGISTER_BATCH, {name: value for name, value in asked.items() if value is not None})

    def test_who_is_refused_keeps_nobody_from_their_card(self, bench, person):
        bench.register(1)
        renamed = {**person(1), "name": "合成居民另"}
        wrong = {**person(3), "id_no": "439900199001010000"}
        answer = self.ask(bench, [person(2), renamed, wrong, person(4)])
        biz = answer.biz
        assert [OUTCOMES[code].name for code in biz["outcome"]] == ["ok", "identity_mismatch", "bad_identity", "ok"]
        assert {len(column) for column in biz.values()} == {4}
        assert biz["id_no"] == tuple(one["id_no"] for one in (person(2), renamed, wrong, person(4)))
        assert [bool(card_id) for card_id in biz["ehealth_card_id"]] == [True, False, False, True]
        assert biz["ehealth_code"][0] == biz["ehealth_card_id"][0] + ":1"
        first = bench.call(QUERY, {"ehealth_card_id": biz["ehealth_card_id"][0]}).biz
        assert (first["card_state"], first["name"]) == ("1", person(2)["name"])
        assert bench.call(REGISTER, person(2)).biz["ehealth_card_id"] == biz["ehealth_card_id"][0]
        assert bench.verify(biz["ehealth_code"][0]).success

    def test_each_person_has_a_record_in_the_audit(self, bench, person):
        before = len(rows(bench, AUDIT))
        biz = self.ask(bench, [person(2), {**person(3), "name": ""}]).biz
        told = rows(bench, AUDIT)[before:]
        assert [(row.op, row.outcome, row.actor) for row in told] == [
            (REGISTER, "000", "C7"),
            (REGISTER, "110", "C7"),
            (REGISTER_BATCH, "000", "C7"),
        ]
        assert told[0].card_id == biz["ehealth_card_id"][0]
        assert person(2)["id_no"] not in repr(told)

    def test_of_who_is_refused_nothing_stays(self, bench, person, monkeypatch):
        def refuse(*_):
            raise RefusalError(IDENTITY_MISMATCH)

        monkeypatch.setattr(batches, "note_change", refuse)
        assert self.ask(bench, [person(2)]).biz["outcome"] == (IDENTITY_MISMATCH.code,)
        assert named(bench.call(QUERY, {"id_type": "01", "id_no": person(2)["id_no"]})) == "unknown_card"

    @pytest.mark.parametrize(
        ("items", "outcome"),
        [
            ("", "bad_field"),
            ("[]", "bad_field"),
            ("{}", "bad_field"),
            ('["x"]', "bad_field"),
            ('[{"name":"a","name":"b"}]', "bad_field"),
            ('[],"more":[{}]', "bad_field"),
            (json.dumps([{"name": "x" * 600}]), "bad_field"),
            (json.dumps([{"name": "x"}] * (MAX_PERSONS + 1)), "bad_field"),
        ],
    )
    def test_what_is_no_batch(self, bench, items, outcome):
        assert named(bench.call(REGISTER_BATCH, {"items": items, "clerk_id": "C7"})) == outcome

    def test_a_batch_needs_a_clerk(self, bench, person):
        assert named(self.ask(bench, [person(2)], clerk_id=None)) == "clerk_required"
        assert named(bench.call(QUERY, {"id_type": "01", "id_no": person(2)["id_no"]})) == "unknown_card"


class TestShownCards:
    def test_a_visit_card_is_bound_to_the_card_whose_code_is_shown(self, bench):
        card_id = bench.register()
        code = bench.dynamic(card_id)
        bound = bench.call(BIND, {"visit_card_no": "P-0042", "ehealth_code": code})
        assert (bound.biz["ehealth_card_id"], bound.biz["link_kind"]) == (card_id, "visit-card")
        number = {"link_kind": "visit-card", "link_number": "P-0042"}
        assert bench.call("ehc.ehealthcard.resolve", number).biz["ehealth_card_id"] == card_id
        assert bench.verify(code).success
        other = bench.static(bench.register(2))
        assert named(bench.call(BIND, {"visit_card_no": "P-0042", "ehealth_code": other})) == "number_taken"

    @pytest.mark.parametrize("method", [BIND, QUERY])
    def test_a_code_shown_must_be_in_force(self, bench, method):
        code = bench.dynamic(bench.register())
        asked = {"ehealth_code": code, "visit_card_no": "P-0042"}
        assert bench.call(method, asked).success
        bench.clock.now += 61
        assert named(bench.call(method, asked)) == "expired_code"
        flipped = {**asked, "ehealth_code": code[:-1] + ("0" if code[-1] != "0" else "1")}
        assert named(bench.call(method, flipped)) == "forged_code"

    def test_a_card_is_found_by_its_code_and_the_code_is_not_used_up(self, bench, person):
        card_id = bench.register()
        code = bench.dynamic(card_id)
        assert bench.call(QUERY, {"ehealth_code": code}).biz.items() >= person(1).items()
        assert bench.verify(code).success
        assert bench.call(QUERY, {"ehealth_code": code}).success


def test_a_token_needs_no_scope_but_good_standing(bench):
    with_scopes(bench, "verify")
    assert bench.call(APP_TOKEN, {}).biz == {"app_token": bench.credentials.app_id}
    app_id = bench.credentials.app_id
    bench.do(lambda c: c.execute(update(APPS).where(APPS.c.app_id == app_id).values(state="frozen")))
    bench.platform.accounts.clear()
    assert named(bench.call(APP_TOKEN, {})) == "app_suspended"


def test_a_report_may_name_the_card_by_a_code_and_the_step_as_verification_does(bench):
    card_id = bench.register()
    code = bench.dynamic(card_id)
    bench.clock.now += 3600
    fields = act_of(bench, {"ehealth_code": code}, medstepcode="010104", channelcode="0300", department_type="内科")
    assert bench.call(USAGE, fields).biz["counted"] == "1"
    (row,) = rows(bench, USAGE_REPORTS)
    assert (row.with_card, row.step, row.channel) == (1, "010104", "0300")
    other = {**fields, "seq_no": "2", "ehealth_card_id": "0" * 64}
    assert named(bench.call(USAGE, other)) == "bad_field"
    assert bench.call(CLOSE, {"ehealth_card_id": card_id}).success
