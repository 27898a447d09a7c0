"""What single dialects say in their own forms, over real HTTP, and what the platform understands by it."""

import json
import time
from itertools import count

import pytest
from dialect_desks import Desks

from reference_impl.records.china_time import moment_text
from reference_impl.wire.vocabulary import (
    ACTIVATE,
    APP_TOKEN,
    BIND,
    GENERATE,
    INSTITUTIONS,
    ORDER_ID,
    QUERY,
    RECOGNISE_DOCUMENT,
    REGIONS,
    REGISTER,
    REGISTER_BATCH,
    USAGE,
)

SERIALS = count(800)
HYPHENED = "%Y-%m-%d %H:%M:%S"
COMPACT = "%Y%m%d%H%M%S"


@pytest.fixture(scope="module")
def desks(served):
    return Desks(served.client(), served.credentials["admin_token"])


@pytest.fixture
def someone(person):
    return person(next(SERIALS))


@pytest.fixture
def use_by(desks, served):
    """Count what was reported so far, by step or channel."""

    def counted(which):
        told = desks.get("/statistics", served.credentials["auditor_token"]).json()
        (figure,) = [figure for figure in told["figures"] if figure["name"] == f"use_by_{which}"]
        return {row[which]: row["with_card"] for row in figure["rows"]}

    return counted


def now(form):
    return moment_text(int(time.time() * 1000), form)


def static_code(desks, someone):
    card_id = desks["hn-a"].call(REGISTER, someone).biz["ehealth_card_id"]
    return str(desks["hn-a"].call(GENERATE, {"ehealth_card_id": card_id, "ewmbs": "1"}).biz["ehealth_code"])


STEP_OF = {
    "0101012": "010101",
    "0101021": "000000",
    "0101053": "010105",
    "0101082": "000000",
    "0201032": "000000",
    "0201091": "000000",
}


class TestWeChat:
    def report(self, desks, someone, **changed):
        usual = {"time": now(HYPHENED), "scene": "0101051", "department_type": "内科", "charge_type": "0100"}
        return desks["wechat"].call(USAGE, {"id_no": someone["id_no"], "name": someone["name"], **usual, **changed})

    def test_a_report_is_kept_by_its_scene_and_is_the_step_of_that(self, desks, someone, use_by):
        code = static_code(desks, someone)
        steps, channels, scenes = use_by("step"), use_by("channel"), use_by("scene")
        for number, (scene, step) in enumerate(STEP_OF.items(), start=1):
            told = self.report(desks, someone, ehealth_code=code, scene=scene, channel_code="0402")
            assert told.biz["counted"] == "1", told
            assert use_by("step").get(step, 0) == steps.get(step, 0) + list(STEP_OF.values())[:number].count(step)
            assert use_by("scene").get(scene, 0) == scenes.get(scene, 0) + 1
        assert use_by("step").get("010102", 0) == steps.get("010102", 0)
        assert use_by("channel")["0402"] == channels.get("0402", 0) + len(STEP_OF)
        assert self.report(desks, someone, ehealth_code=code, scene="0101099").outcome == "110"

    def test_the_same_report_counts_once_and_without_a_code_the_document_names_the_card(self, desks, someone, use_by):
        static_code(desks, someone)
        before = use_by("channel").get("0401", 0)
        at = now(HYPHENED)
        answers = [self.report(desks, someone, time=at).biz for _ in range(2)]
        assert [biz["counted"] for biz in answers] == ["1", "0"]
        assert self.report(desks, someone, time=at, department_type="外科").biz["counted"] == "1"
        assert use_by("channel")["0401"] == before + 2
        assert self.report(desks, someone, id_no="", ehealth_code="").outcome == "110"

    def test_a_patient_number_is_bound_by_the_code_s_text(self, desks, someone):
        code = static_code(desks, someone)
        patid = f"P-{someone['id_no'][-6:-1]}"
        desk = desks["wechat"]
        sent = desk.sealed(BIND, {"visit_card_no": patid, "ehealth_code": code})
        assert json.loads(sent.http.body)["req"] == {"patid": patid, "qrCodeText": code}
        assert desk.opened(sent).success
        number = {"link_kind": "visit-card", "link_number": patid}
        assert desks["hn-a"].call("ehc.ehealthcard.resolve", number).biz["id_no"] == someone["id_no"]

    def test_a_batch_in_the_vendor_s_words(self, desks, person):
        people = [person(next(SERIALS)) for _ in range(2)]
        items = [{"name": one["name"], "idNumber": one["id_no"], "idType": "01", "phone2": None} for one in people]
        desk = desks["wechat"]
        sent = desk.sealed(REGISTER_BATCH, {"items": json.dumps(items, ensure_ascii=False), "clerk_id": "C1"})
        assert "healthCardItems" in json.loads(sent.http.body)["req"]
        rsp = json.loads(desk.post(sent).body)["rsp"]
        assert rsp["idNumber"] == [one["id_no"] for one in people]
        assert rsp["outcome"] == ["000", "000"]
        assert desk.call(QUERY, {"ehealth_card_id": rsp["healthCardId"][1]}).biz["card_state"] == "1"

    def test_a_token_is_the_application_s_name_and_any_scope_gets_it(self, desks):
        desk = desks.enrol("wechat", scopes=("verify",))
        assert desk.call(APP_TOKEN, {}).biz == {"app_token": desk.credentials.app_id}

    def test_a_registration_comes_through_the_account(self, desks, served, someone):
        def issued():
            told = desks.get("/statistics", served.credentials["auditor_token"]).json()
            (figure,) = [figure for figure in told["figures"] if figure["name"] == "issued_by_channel"]
            return {row["channel"]: row["cards"] for row in figure["rows"]}.get("0401", 0)

        before = issued()
        assert desks["wechat"].call(REGISTER, someone).success
        assert issued() == before + 1

    @pytest.mark.parametrize("method", [ORDER_ID, RECOGNISE_DOCUMENT])
    def test_what_no_card_platform_serves_is_an_unknown_method(self, desks, method):
        answer = desks["wechat"].call(method, {})
        assert (answer.outcome, answer.success) == ("109", False)
        assert "unknown method: " in answer.message


@pytest.mark.parametrize(
    ("name", "step", "fields"),
    [
        ("soap", "010104", {"medstepcode": "010104"}),
        ("city", "010106", {"med_step_code": "010106", "channel_code": "0200"}),
    ],
)
def test_use_is_reported_in_soap_and_city_xml(desks, someone, use_by, name, step, fields):
    code = static_code(desks, someone)
    before = use_by("step").get(step, 0)
    told = {"seq_no": f"{name}-1", "time": now(COMPACT), "department_type": "内科", "ehealth_code": code, **fields}
    assert [desks[name].call(USAGE, told).biz["counted"] for _ in range(2)] == ["1", "0"]
    assert use_by("step")[step] == before + 1


class TestFrontBox:
    def test_a_child_without_a_document_is_registered_under_its_mother(self, desks, someone):
        child = {
            "personnelType": "2",
            "multifetalMark": "1",
            "motherName": someone["name"],
            "motherIdCode": someone["id_no"],
            "name": "合宝",
            "birthday": now("%Y-%m-%d"),
        }
        desk = desks["front-box"]
        card_id = desk.call(REGISTER, child).biz["ehealth_card_id"]
        assert desk.call(REGISTER, child).biz["ehealth_card_id"] == card_id
        found = desk.call(QUERY, {"ehealth_card_id": card_id}).biz
        assert (found["id_type"], found["name"], found["birthday"]) == ("99", "合宝", child["birthday"])

    def test_a_card_of_a_batch_is_activated(self, desks, someone):
        desk = desks["front-box"]
        made = desk.call(REGISTER, {**someone, "apply_type": "4", "clerk_id": "C1"}).biz
        assert desk.call(QUERY, {"id_type": "01", "id_no": someone["id_no"]}).biz["card_state"] == "1"
        assert desk.call(ACTIVATE, {"ehealth_card_id": made["ehealth_card_id"]}).biz["card_state"] == "2"


def test_lists_of_primary_care_are_rows_on_the_wire(desks):
    desk = desks["primary-care"]
    sent = desk.sealed(INSTITUTIONS, {"area_code": "439902000000"})
    rows = json.loads(desk.post(sent).body)["responseContent"]
    assert {"orgCode": desks.org_code, "orgName": "合成方言医院"}.items() <= rows[0].items()
    assert "430100000000" in desk.call(REGIONS, {}).biz["area_code"]
    assert desk.call(REGIONS, {"page_index": "9"}).biz == {}
