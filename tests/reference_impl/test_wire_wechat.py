"""The WeChat envelope: the vendor's vectors, and what its signature does and does not tell apart."""

import dataclasses
import json

import pytest

from reference_impl.wire.errors import BadDigestError, MalformedError, UnsupportedError, WrongAnswerError
from reference_impl.wire.exchange import Credentials, HttpAnswer
from reference_impl.wire.vocabulary import APP_TOKEN, GENERATE, QUERY, REGISTER, USAGE, VERIFY
from reference_impl.wire.wechat import WORDS, WeChatClient, WeChatProfile, signature

NOW = 1_800_000_000_123
CREDENTIALS = Credentials("app-1", "0123456789abcdefghij", "")
PROFILE = WeChatProfile()
CLIENT = WeChatClient(CREDENTIALS, "90003", lambda size: b"\x5a" * size)


def body(method=VERIFY, biz=None):
    sent = CLIENT.seal_call(method, {"ehealth_code": "x:1"} if biz is None else biz, NOW)
    return sent, json.loads(sent.http.body)


def opened(sent, document, *, signed=False, path=None):
    if signed:
        fields = {name: value for name, value in document["commonIn"].items() if name != "sign"}
        document["commonIn"]["sign"] = signature(fields | document["req"], CREDENTIALS.app_secret)
    http = dataclasses.replace(sent.http, body=json.dumps(document).encode(), path=path or sent.http.path)
    call = PROFILE.receive(http)
    return PROFILE.line(CREDENTIALS).open(call, NOW)


@pytest.mark.parametrize(
    ("fields", "secret", "expected"),
    [
        (
            {
                "appId": "a1a2e0bde41574ad8ea9a4bb58022oop",
                "hospitalId": "90003",
                "requestId": "DB4D975748A84309977EA25224C0F5CF",
                "timestamp": 1525392000,
            },
            "8c8e763f443ef983ac33aef1c7085cfb",
            "TsccMUMTHfOiEovR2hMlRXcQqctRFmPbpPIZdxXCJ/o=",
        ),
        ({"channelNum": 0}, "secret", "izPY5tjxkXETiFSV03ck5ImGpUv2fvK8aHcFrDebzc4="),
    ],
)
def test_the_published_signatures(fields, secret, expected):
    assert signature(fields, secret) == expected
    assert signature({name: str(value) for name, value in fields.items()}, secret) == expected


def test_null_and_empty_are_dropped_and_zero_is_not():
    base = signature({"a": "1"}, "s")
    assert signature({"a": "1", "b": None, "c": ""}, "s") == base
    assert signature({"a": "1", "channelNum": 0}, "s") != base
    assert signature({"a": "1", "x": {"k": [1, "张"]}}, "s") == signature({"a": "1", "x": '{"k":[1,"张"]}'}, "s")


def test_a_field_that_is_null_or_empty_is_as_if_it_were_not_there():
    sent, document = body()
    document["req"] |= {"name": None, "cellphone": ""}
    request = opened(sent, document)
    assert not {"name", "cellphone"} & set(request.biz)
    assert request.biz["channel_num"] == "0"
    assert request.biz["hospital_id"] == "90003"


def test_numbers_and_nested_values_become_texts_and_keep_their_leading_zeros():
    sent, document = body()
    document["req"] |= {"codeType": 0, "cardCostTypes": "0100", "list": [{"name": "张三"}], "flag": True}
    biz = opened(sent, document, signed=True).biz
    assert (biz["ewmbs"], biz["charge_type"], biz["list"], biz["flag"]) == ("0", "0100", '[{"name":"张三"}]', "true")


def test_the_time_is_in_seconds():
    sent, document = body()
    assert document["commonIn"]["timestamp"] == NOW // 1000
    assert opened(sent, document).timestamp_ms == NOW // 1000 * 1000
    document["commonIn"]["timestamp"] = NOW
    with pytest.raises(BadDigestError):
        opened(sent, document)


@pytest.mark.parametrize("value", ["1.8e9", "-1", " 1", "１", [1], {"a": 1}, True, 1.5])
def test_a_time_that_is_no_number_is_malformed(value):
    sent, document = body()
    document["commonIn"]["timestamp"] = value
    with pytest.raises(MalformedError):
        opened(sent, document, signed=True)


@pytest.mark.parametrize("req", [{"a": "1&b=2"}, {"a&b": "1"}, {"a=b": "1"}, {"a": {"x": "&b=2"}}])
def test_what_the_signature_could_not_tell_from_two_fields_is_malformed(req):
    sent, document = body()
    document["req"] = req
    with pytest.raises(MalformedError):
        opened(sent, document, signed=True)


def test_a_field_in_both_halves_must_say_the_same():
    sent, document = body()
    document["req"]["hospitalId"] = "90003"
    assert opened(sent, document).biz["hospital_id"] == "90003"
    document["req"]["hospitalId"] = "90004"
    with pytest.raises(MalformedError):
        opened(sent, document, signed=True)


def test_a_field_moved_into_the_common_half_is_malformed():
    sent, document = body()
    document["commonIn"]["qrCodeText"] = document["req"].pop("qrCodeText")
    with pytest.raises(MalformedError):
        opened(sent, document)


@pytest.mark.parametrize("name", ["appToken", "requestId", "timestamp", "sign"])
@pytest.mark.parametrize("value", [None, "", "absent"])
def test_a_missing_common_field_is_malformed(name, value):
    sent, document = body()
    document["commonIn"][name] = value
    if value == "absent":
        del document["commonIn"][name]
    with pytest.raises((MalformedError, BadDigestError) if name == "sign" else MalformedError):
        opened(sent, document, signed=name != "sign")


def test_a_session_token_is_asked_for_under_the_application_s_name():
    sent, document = body(APP_TOKEN, {})
    assert "appToken" not in document["commonIn"]
    request = opened(sent, document)
    assert (request.method, request.app_id) == (APP_TOKEN, "app-1")
    answer = PROFILE.line(CREDENTIALS).seal(PROFILE.receive(sent.http), "000", "ok", {"app_token": "app-1"}, NOW)
    assert json.loads(answer.body)["rsp"] == {"appToken": "app-1"}
    assert CLIENT.open_answer(sent, answer, NOW).biz == {"app_token": "app-1"}


def test_the_answer_has_the_published_form():
    sent, _ = body()
    line = PROFILE.line(CREDENTIALS)
    answer = line.seal(PROFILE.receive(sent.http), "000", "ok", {"ehealth_card_id": "A"}, NOW)
    assert json.loads(answer.body) == {
        "commonOut": {"requestId": "5A" * 16, "resultCode": 0, "errMsg": "ok"},
        "rsp": {"healthCardId": "A"},
    }
    refused = line.seal(PROFILE.receive(sent.http), "301", "no", {}, NOW)
    assert json.loads(refused.body)["commonOut"]["resultCode"] == 301


@pytest.mark.parametrize("code", ["00", 1, None, True, "", " 0", 0.0, [0]])
def test_only_zero_is_success(code):
    sent, _ = body()
    document = {"commonOut": {"requestId": sent.bound_to, "resultCode": code}, "rsp": {}}
    assert not CLIENT.open_answer(sent, HttpAnswer(200, "", json.dumps(document).encode()), NOW).success


def test_an_answer_to_another_request_is_refused():
    sent, _ = body()
    document = {"commonOut": {"requestId": "other", "resultCode": 0}, "rsp": {}}
    with pytest.raises(WrongAnswerError):
        CLIENT.open_answer(sent, HttpAnswer(200, "", json.dumps(document).encode()), NOW)


def test_the_words_of_the_vendor():
    assert WORDS.hear_fields(GENERATE, {"healthCardId": "A", "idType": "01", "idNumber": "1", "codeType": "0"}) == {
        "ehealth_card_id": "A",
        "id_type": "01",
        "id_no": "1",
        "ewmbs": "0",
    }
    assert WORDS.hear_fields(USAGE, {"idCardNumber": "1", "qrCodeText": "x"}) == {"id_no": "1", "ehealth_code": "x"}
    assert WORDS.hear_method("getHealthCardByQRCode") == QUERY
    assert WORDS.say_method(REGISTER) == "registerHealthCard"
    with pytest.raises(MalformedError):
        WORDS.hear_fields(USAGE, {"idCardNumber": "1", "idNumber": "2"})


def test_a_method_that_is_not_the_vendor_s_is_never_a_neutral_one():
    sent, document = body()
    for name in ("nosuch", VERIFY, ""):
        assert opened(sent, document, path=f"/wechat/{name}").method == f"unmapped.{name}"
    with pytest.raises(UnsupportedError):
        opened(sent, document, path="/gateway")
