"""The primary-care envelope word for word."""

import dataclasses
import hashlib
import hmac
import json
from random import Random
from urllib.parse import parse_qs, urlencode

import pytest

from reference_impl.wire import primary_care
from reference_impl.wire.errors import MalformedError, UnsupportedError
from reference_impl.wire.exchange import Credentials
from reference_impl.wire.vocabulary import (
    DISPENSE,
    INSTITUTIONS,
    PUBLIC_HEALTH,
    REGIONS,
    SETTLE,
    VISIT,
)

NOW = 1_800_000_000_000
SECRET = "0123456789abcdefghij"
CREDENTIALS = Credentials("app-1", SECRET, "T01")
RANDOM = Random(3)
BIZ = {"ehealth_code": "x:1", "name": "张三"}


def sm3(text):
    return hashlib.new("sm3", text.encode()).hexdigest().upper()


def canonical(document):
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def care(method=REGIONS, biz=None, now=NOW):
    sent = primary_care.PrimaryCareClient(CREDENTIALS, RANDOM.randbytes).seal_call(
        method, {"area_code": "430103000000", "page_index": "1"} if biz is None else biz, now
    )
    return sent, json.loads(parse_qs(sent.http.body.decode())["data"][0])


def cared(sent, document, *, sealed=False):
    if sealed:
        covered = {name: value for name, value in document.items() if name != "verifyCode"}
        document["verifyCode"] = hmac.digest(SECRET.encode(), canonical(covered).encode(), "sm3").hex().upper()
    profile = primary_care.PrimaryCareProfile()
    body = urlencode({"data": json.dumps(document)}).encode()
    return profile.line(CREDENTIALS).open(profile.receive(dataclasses.replace(sent.http, body=body)), NOW)


def test_the_envelope_of_primary_care_word_for_word():
    sent, document = care()
    code = document.pop("verifyCode")
    assert code == hmac.digest(SECRET.encode(), canonical(document).encode(), "sm3").hex().upper()
    assert document["requestParams"] == {"areaCode": "430103000000", "pageIndex": "1"}
    assert (document["interfaceType"], document["actionCode"]) == ("JC3_JK01", "JC3_JK01_A01")
    assert document["requestTime"] == "2027-01-15 16:00:00"
    assert cared(sent, document, sealed=True).biz == {"area_code": "430103000000", "page_index": "1"}


def test_a_page_number_may_be_a_number():
    sent, document = care()
    document["requestParams"]["pageIndex"] = 0
    assert cared(sent, document, sealed=True).biz["page_index"] == "0"


@pytest.mark.parametrize(
    ("method", "action"),
    [
        (REGIONS, "A01"),
        (INSTITUTIONS, "B01"),
        (VISIT, "C01"),
        (DISPENSE, "C02"),
        (SETTLE, "C03"),
        (PUBLIC_HEALTH, "P01"),
    ],
)
def test_the_actions_of_primary_care(method, action):
    _, document = care(method, {})
    assert document["actionCode"] == f"JC3_JK01_{action}"


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("requestTime", "2027-1-15 16:00:00", MalformedError),
        ("requestTime", "2027-01-15T16:00:00", MalformedError),
        ("requestTime", "", MalformedError),
        ("interfaceType", "JC3_JK02", UnsupportedError),
        ("securityToken", "", MalformedError),
        ("requestId", "", MalformedError),
        ("requestParams", [], MalformedError),
        ("modularCode", 3, MalformedError),
        ("more", "x", MalformedError),
    ],
)
def test_a_wrong_field_of_primary_care_is_refused_though_sealed(name, value, error):
    sent, document = care()
    with pytest.raises(error):
        cared(sent, document | {name: value}, sealed=True)


def answer_of_care(method, biz, outcome="000"):
    sent, _ = care(method)
    profile = primary_care.PrimaryCareProfile()
    answer = profile.line(CREDENTIALS).seal(profile.receive(sent.http), outcome, "ok", biz, NOW)
    response = primary_care.PrimaryCareClient(CREDENTIALS, RANDOM.randbytes).open_answer(sent, answer, NOW)
    return json.loads(answer.body)["responseContent"], response.biz


def test_a_list_of_primary_care_is_written_as_rows_and_read_as_columns():
    columns = {"code": ("430100", "430200"), "name": ("长沙", "株洲")}
    rows, biz = answer_of_care(REGIONS, columns)
    assert rows == [{"code": "430100", "name": "长沙"}, {"code": "430200", "name": "株洲"}]
    assert biz == columns
    assert answer_of_care(REGIONS, {"code": ("1",)})[1] == {"code": ("1",)}
    assert answer_of_care(REGIONS, {}) == ([], {})
    assert answer_of_care(VISIT, {"visit_no": "001"}) == ([{"visit_no": "001"}], {"visit_no": "001"})


def test_columns_of_different_lengths_are_no_list():
    with pytest.raises(ValueError, match=r"shorter|longer"):
        answer_of_care(REGIONS, {"code": ("1", "2"), "name": ("a",)})
