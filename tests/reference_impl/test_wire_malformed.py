"""Whatever comes over a wire is opened or is a wire error, at both ends of every dialect."""

import contextlib
import dataclasses
import json
from urllib.parse import parse_qs

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire_ends import (
    EVERY,
    NOW,
    answered,
    caller,
    sent,
    served,
)

from reference_impl.wire.errors import (
    WireError,
)
from reference_impl.wire.exchange import HttpAnswer, HttpRequest
from reference_impl.wire.registry import DIALECTS


def survives(name, body, path=None):
    http = HttpRequest(path or sent(name).http.path, "", body)
    with contextlib.suppress(WireError):
        served(name, http)
    with contextlib.suppress(WireError):
        caller(name).open_answer(sent(name), HttpAnswer(200, "", body), NOW)


CHEAP = settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
PIECES = st.sampled_from(
    [
        *(b"{", b"}", b'"', b":", b",", b"[", b"]", b"null", b"1e999", b"NaN", b"\\ud800", b"\xff", b"\0", b"%", b"="),
        *(b"data=", b"xml=", b"&sign=", b"%7B", b"<root>", b"</root>", b"<head>", b"<!DOCTYPE a>", b"<request/>"),
        *(b"&amp;", b"&x;", b'"commonIn":{}', b'"req":{}', b'"sign":""', b'"digest":"x"', b'"app_id":"a"', b"1" * 5000),
    ]
)


@pytest.mark.parametrize("name", EVERY)
@CHEAP
@given(st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=12).map(b"".join)))
def test_any_bytes_are_a_wire_error(name, body):
    survives(name, body)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"<a>" * 100_000,
        b"xml=" + b"%3Ca%3E" * 20_000 + b"&sign=x",
        b"\xef\xbb\xbf{}",
    ],
    ids=["arrays", "objects", "elements", "form", "bom"],
)
def test_depth_and_length_are_a_wire_error(name, body):
    survives(name, body)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=4,
)
JSON_DIALECTS = [name for name in EVERY if DIALECTS[name].content_type.startswith("application/json")]


@pytest.mark.parametrize("name", JSON_DIALECTS)
@CHEAP
@given(st.data())
def test_any_value_in_any_field_is_a_wire_error_or_harmless(name, data):
    asked = sent(name)
    end = caller(name)
    for http, opened in (
        (asked.http, lambda http: served(name, http)),
        (answered(name, asked), lambda http: end.open_answer(asked, http, NOW)),
    ):
        document = json.loads(http.body)
        place = data.draw(st.sampled_from(sorted(document)))
        inner = document[place]
        if isinstance(inner, dict) and inner and data.draw(st.booleans()):
            inner[data.draw(st.sampled_from(sorted(inner)))] = data.draw(VALUES)
        else:
            document[place] = data.draw(VALUES)
        with contextlib.suppress(WireError):
            opened(dataclasses.replace(http, body=json.dumps(document).encode("utf-8", "surrogatepass")))


@CHEAP
@given(st.data())
def test_any_value_in_the_form_of_primary_care_is_a_wire_error(data):
    asked = sent("primary-care")
    document = json.loads(parse_qs(asked.http.body.decode())["data"][0])
    place = data.draw(st.sampled_from(sorted(document)))
    before, document[place] = document[place], data.draw(VALUES)
    if document[place] == before:
        return
    body = b"data=" + "".join(f"%{b:02X}" for b in json.dumps(document).encode()).encode()
    with pytest.raises(WireError):
        served("primary-care", dataclasses.replace(asked.http, body=body))
