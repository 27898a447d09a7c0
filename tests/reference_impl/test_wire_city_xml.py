"""The city merchant XML word for word, and the forms it comes in."""

import hashlib
import json
from random import Random
from urllib.parse import parse_qs

import pytest
from defusedxml.ElementTree import fromstring

from reference_impl.wire import city_xml
from reference_impl.wire.errors import MalformedError
from reference_impl.wire.exchange import Credentials
from reference_impl.wire.form import read_form, write_form
from reference_impl.wire.vocabulary import (
    QUERY,
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


def test_the_city_s_signature_word_for_word():
    sent = city_xml.CityClient(CREDENTIALS).seal_call(VERIFY, BIZ, NOW)
    form = {name: values[0] for name, values in parse_qs(sent.http.body.decode()).items()}
    head, body = fromstring(form["xml"])
    assert {element.tag: element.text for element in head} == {"Merid": "app-1", "Funcid": "A1027", "Timer": str(NOW)}
    assert {element.tag: element.text for element in body} == BIZ
    text = f"{SECRET}A1027{NOW}{form['xml']}".encode()
    assert form["sign"] == hashlib.md5(text, usedforsecurity=False).hexdigest()


def test_the_city_answers_four_zeros_or_four_nines():
    sent = city_xml.CityClient(CREDENTIALS).seal_call(QUERY, {}, NOW)
    profile = city_xml.CityProfile()
    call, line = profile.receive(sent.http), profile.line(CREDENTIALS)
    heads = []
    for outcome in ("000", "301"):
        form = parse_qs(line.seal(call, outcome, "说明", {}, NOW).body.decode())
        heads.append({element.tag: element.text for element in fromstring(form["xml"][0])[0]})
    assert [head["RetCode"] for head in heads] == ["0000", "9999"]
    assert [head["Errmsg"] for head in heads] == ["说明", "[301] 说明"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"xml=%3Ca/%3E",
        b"xml=1&sign=2&sign=3",
        b"xml=1&sign=2&more=3",
        b"xml=%FF&sign=2",
        b"xml&sign",
        "xml=张&sign=1".encode(),
    ],
)
def test_a_form_has_exactly_its_fields(body):
    with pytest.raises(MalformedError):
        read_form(body, ("xml", "sign"))


def test_a_form_is_read_as_written():
    fields = {"xml": "<a>张+ &=%\n</a>", "sign": ""}
    assert read_form(write_form(fields), ("xml", "sign")) == fields
