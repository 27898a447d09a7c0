"""XML is read without leniency and as it was written."""

import hashlib
import json
from random import Random

import pytest

from reference_impl.wire import city_xml, soap
from reference_impl.wire.errors import MalformedError
from reference_impl.wire.exchange import Credentials
from reference_impl.wire.vocabulary import (
    VERIFY,
)
from reference_impl.wire.xmltext import read_sections, writable, write_sections

NOW = 1_800_000_000_000
SECRET = "0123456789abcdefghij"
CREDENTIALS = Credentials("app-1", SECRET, "T01")
RANDOM = Random(3)
BIZ = {"ehealth_code": "x:1", "name": "张三"}


def sm3(text):
    return hashlib.new("sm3", text.encode()).hexdigest().upper()


def canonical(document):
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<root>",
        "<other><a/></other>",
        "<root><a/><a/></root>",
        "<root><b/></root>",
        "<root>x<a/></root>",
        "<root><a/>x</root>",
        "<root><a>x</a></root>",
        "<root><a b='1'/></root>",
        "<root x='1'><a/></root>",
        "<root><a><f>1</f><f>2</f></a></root>",
        "<root><a><f g='1'>1</f></a></root>",
        "<root><a><f>1</f>x</a></root>",
        "<root><a><f><g>1</g></f></a></root>",
        "<root><a><f>x<ITEM>1</ITEM></f></a></root>",
        "<root><a><f><ITEM>1</ITEM>x</f></a></root>",
        "<root><a><f><ITEM><x/></ITEM></f></a></root>",
        "<!DOCTYPE root><root><a/></root>",
        "<!DOCTYPE root [<!ENTITY x 'y'>]><root><a><f>&x;</f></a></root>",
        "<root><a><f>&nosuch;</f></a></root>",
        "<root><a><f>\0</f></a></root>",
        "<root><a><f>\ud800</f></a></root>",
    ],
)
def test_xml_of_another_form_is_malformed(text):
    with pytest.raises(MalformedError):
        read_sections(text, "root", ("a",))


@pytest.mark.parametrize("value", ["", "<&>'\"]]>", " a\tb\nc\r\nd\r", "张三😀", ("a", ""), ("a",)])
def test_xml_is_read_as_written(value):
    assert read_sections(write_sections("root", {"a": {"f": value}}), "root", ("a",)) == {"a": {"f": value}}


def test_what_xml_cannot_hold_is_replaced_before_it_is_signed():
    assert writable({"a": "x\0\x1b\ufffe", "b": (), "c": ("\x01",)}) == {
        "a": "x\ufffd\ufffd\ufffd",
        "b": "",
        "c": ("\ufffd",),
    }
    for client, profile in (
        (soap.SoapClient(CREDENTIALS, RANDOM.randbytes), soap.SoapProfile()),
        (city_xml.CityClient(CREDENTIALS), city_xml.CityProfile()),
    ):
        sent = client.seal_call(VERIFY, {"name": "x\0"}, NOW)
        call, line = profile.receive(sent.http), profile.line(CREDENTIALS)
        assert line.open(call, NOW).biz["name"] == "x\ufffd"
        answer = line.seal(call, "000", "a\0", {"name": "y\x01", "codes": ()}, NOW)
        assert client.open_answer(sent, answer, NOW).biz == {"name": "y\ufffd", "codes": ""}
