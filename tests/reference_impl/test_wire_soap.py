"""SOAP with one string of XML in and one out, word for word."""

import dataclasses
import hashlib
import json
from random import Random

import pytest
from defusedxml.ElementTree import fromstring

from reference_impl.wire import soap
from reference_impl.wire.errors import BadDigestError, MalformedError, WrongAnswerError
from reference_impl.wire.exchange import Credentials
from reference_impl.wire.vocabulary import (
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


def washed(biz=BIZ):
    sent = soap.SoapClient(CREDENTIALS, RANDOM.randbytes).seal_call(VERIFY, biz, NOW)
    return sent, fromstring(sent.http.body)[0][0]


def rinsed(sent, text):
    profile = soap.SoapProfile()
    return profile.line(CREDENTIALS).open(profile.receive(dataclasses.replace(sent.http, body=text.encode())), NOW)


def test_soap_carries_one_string_of_xml():
    _, operation = washed()
    assert operation.tag == "{urn:ehealthcard}qrcodeVerification"
    (parameter,) = operation
    request = {element.tag: element.text for element in fromstring(parameter.text)[0]}
    sign = request.pop("SIGN")
    assert {name: request[name] for name in ("YLJGDM", "TERMID", "QRCODE", "TIMESTAMP")} == {
        "YLJGDM": "app-1",
        "TERMID": "T01",
        "QRCODE": "x:1",
        "TIMESTAMP": str(NOW),
    }
    assert sign == sm3(canonical({"operation": "qrcodeVerification", "fields": request}) + SECRET)


def test_soap_fills_the_channel_it_cannot_say():
    sent, _ = washed()
    profile = soap.SoapProfile()
    assert profile.line(CREDENTIALS).open(profile.receive(sent.http), NOW).biz["channelcode"] == "0100"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("qrcodeVerification", "cardClose"),
        ("s:Body", "s:Other"),
        ("urn:ehealthcard", "urn:other"),
        ("schemas.xmlsoap.org/soap/envelope/", "example.org/"),
        ("arg0", "arg1"),
        ("<arg0>", "<arg0><x/>"),
        ("<s:Body>", "<s:Body/><s:Body>"),
        ("&lt;TERMID&gt;T01", "&lt;TERMID&gt;T02"),
        ("&lt;TERMID&gt;T01&lt;/TERMID&gt;", ""),
        ("&lt;TERMID&gt;", "&lt;QRCODE&gt;1&lt;/QRCODE&gt;&lt;TERMID&gt;"),
        ("&lt;root&gt;", "&lt;!DOCTYPE root [&lt;!ENTITY a 'b'&gt;]&gt;&lt;root&gt;"),
        ("<s:Envelope", "<!DOCTYPE x><s:Envelope"),
    ],
)
def test_a_changed_envelope_of_soap_is_refused(old, new):
    sent, _ = washed()
    text = sent.http.body.decode()
    assert old in text
    with pytest.raises((MalformedError, BadDigestError)):
        rinsed(sent, text.replace(old, new))


def test_an_answer_of_another_operation_is_refused():
    client, profile = soap.SoapClient(CREDENTIALS, RANDOM.randbytes), soap.SoapProfile()
    sent = client.seal_call(VERIFY, BIZ, NOW)
    answer = profile.line(CREDENTIALS).seal(profile.receive(sent.http), "000", "ok", {}, NOW)
    renamed = answer.body.replace(b"qrcodeVerificationResponse", b"cardCloseResponse")
    assert renamed != answer.body
    with pytest.raises(WrongAnswerError):
        client.open_answer(sent, dataclasses.replace(answer, body=renamed), NOW)


def test_what_says_nothing_in_soap_is_skipped():
    sent, _ = washed()
    text = sent.http.body.decode()
    for old, new in (
        ("<s:Body>", "<s:Header><x>1</x></s:Header><s:Body>"),
        ("<s:Body>", "\n <s:Body>\n "),
        ("<arg0>", "<arg0 xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:type='string'>"),
        ("<s:Envelope", "<?xml version='1.0' encoding='UTF-8'?><s:Envelope"),
    ):
        assert rinsed(sent, text.replace(old, new, 1)).biz.items() >= BIZ.items()
