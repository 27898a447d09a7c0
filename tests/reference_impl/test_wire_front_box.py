"""The hospital front box word for word."""

import dataclasses
import hashlib
import json
from random import Random

import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from reference_impl.wire import front_box
from reference_impl.wire.blockcipher import Ecb
from reference_impl.wire.errors import BadDigestError, MalformedError, UnsupportedError
from reference_impl.wire.exchange import Credentials
from reference_impl.wire.vocabulary import (
    REGISTER,
    VERIFY,
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


def boxed(mode=front_box.ENCRYPTED, method=VERIFY, biz=BIZ):
    sent = front_box.FrontBoxClient(CREDENTIALS, RANDOM.randbytes, mode).seal_call(method, biz, NOW)
    return sent, json.loads(sent.http.body)


def unboxed(sent, document):
    profile = front_box.FrontBoxProfile()
    call = profile.receive(dataclasses.replace(sent.http, body=json.dumps(document).encode()))
    return profile.line(CREDENTIALS).open(call, NOW)


@pytest.mark.parametrize("mode", [front_box.ENCRYPTED, front_box.IN_CLEAR])
def test_the_box_s_two_signatures_and_its_cipher_word_for_word(mode):
    _, document = boxed(mode)
    body = {"qrCode": "x:1", "name": "张三"}
    plain = canonical(body)
    assert document["bodySign"] == sm3(plain + SECRET)
    head = {name: value for name, value in document.items() if name not in ("headSign", "body")}
    assert document["headSign"] == sm3(canonical(head) + SECRET)
    assert (head["version"], head["signMode"], head["encryptMode"]) == ("V2.0.0", "SM3", mode)
    if mode == front_box.IN_CLEAR:
        assert document["body"] == body
    else:
        assert Ecb(SM4(SECRET[:16].encode()), "zero").decrypt(bytes.fromhex(document["body"])).decode() == plain


def test_the_box_helps_its_caller_by_pure_functions():
    assert front_box.sign("abc", "") == "66C7F0F462EEEDD9D1F2D46BDC10E4E24167C4875CF2F7A2297DA02B8F4BA8E0"
    sealed = front_box.encrypt("张三", SECRET)
    assert front_box.decipher(sealed, SECRET) == "张三"
    for wrong in (sealed.upper(), sealed[:-2], "zz", f" {sealed}", "张"):
        with pytest.raises(BadDigestError):
            front_box.decipher(wrong, SECRET)


@pytest.mark.parametrize("mode", [front_box.ENCRYPTED, front_box.IN_CLEAR])
def test_the_box_answers_in_the_mode_it_was_asked_in(mode):
    sent, _ = boxed(mode)
    profile = front_box.FrontBoxProfile()
    call = profile.receive(sent.http)
    answer = profile.line(CREDENTIALS).seal(call, "000", "ok", {"mindex_id": "1", "ehealth_code": "x:1"}, NOW)
    document = json.loads(answer.body)
    assert document["returnCode"] == "0"
    if mode == front_box.IN_CLEAR:
        assert document["datas"] == {"empi": "1", "qrCode": "x:1"}
    else:
        assert isinstance(document["datas"], str)
    opened = front_box.FrontBoxClient(CREDENTIALS, RANDOM.randbytes, mode).open_answer(sent, answer, NOW)
    assert opened.biz == {"mindex_id": "1", "ehealth_code": "x:1"}


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("version", "V1", UnsupportedError),
        ("signMode", "MD5", UnsupportedError),
        ("encryptMode", "SM4/CBC", UnsupportedError),
        ("encryptMode", "none", MalformedError),
        ("nonceStr", "", MalformedError),
        ("nonceStr", "n" * 65, MalformedError),
        ("nonceStr", "other", BadDigestError),
        ("method", "modifyVmcardInfo", BadDigestError),
        ("bodySign", "0" * 64, BadDigestError),
        ("headSign", "0" * 64, BadDigestError),
        ("body", {}, MalformedError),
        ("body", "00" * 16, BadDigestError),
        ("timestamp", NOW, MalformedError),
    ],
)
def test_a_changed_field_of_the_box_is_refused(name, value, error):
    sent, document = boxed()
    with pytest.raises((error, BadDigestError) if error is MalformedError else error):
        unboxed(sent, document | {name: value})


def test_another_body_under_the_same_head_is_refused():
    sent, document = boxed(front_box.IN_CLEAR)
    document["body"] = {**document["body"], "qrCode": "y:1"}
    with pytest.raises(BadDigestError):
        unboxed(sent, document)


def test_a_child_without_document_comes_through_the_box():
    child = {"personnelType": "2", "multifetalMark": "1", "motherName": "张三", "motherIdCode": "4399"}
    _, document = boxed(front_box.IN_CLEAR, REGISTER, child)
    assert document["method"] == "createVmcardQRcode"
    assert document["body"] == child


def test_a_number_in_the_box_is_its_text():
    sent, document = boxed(front_box.IN_CLEAR)
    document["body"] = {"personnelType": 2, "none": None, "parameters": {"a": 1}}
    document["bodySign"] = sm3(canonical(document["body"]) + SECRET)
    head = {name: value for name, value in document.items() if name not in ("headSign", "body")}
    document["headSign"] = sm3(canonical(head) + SECRET)
    biz = unboxed(sent, document).biz
    assert (biz["personnelType"], biz["parameters"]) == ("2", '{"a":1}')
    assert "none" not in biz
