"""JSON is read without leniency."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference_impl.wire.errors import MalformedError
from reference_impl.wire.strictjson import read_object, write_canonical, write_object


@pytest.mark.parametrize(
    "text",
    [
        '{"a":"1","a":"2"}',
        '{"a":{"b":1,"b":1}}',
        '{"a":NaN}',
        '{"a":Infinity}',
        '{"a":"\\ud800"}',
        "[]",
        "1",
        "",
        b"\xff",
    ],
)
def test_what_is_read_two_ways_or_none(text):
    with pytest.raises(MalformedError) as caught:
        read_object(text, "here")
    assert caught.value.where == "here"


def test_what_is_written_is_read():
    document = {"姓名": "张三😀", "codes": ["01", ""]}
    assert read_object(write_object(document), "here") == document
    assert write_object(document) == '{"姓名":"张三😀","codes":["01",""]}'


@pytest.mark.parametrize(
    "text",
    [
        *('{"a":1e999}', '{"a":-1e999}', '{"a":"\ud800"}', '{"\\udc00":"a"}', b'{"a":"\xed\xa0\x80"}', '{"a":"\x01"}'),
        *('{"a":"b"}\0', b'\xef\xbb\xbf{"a":"b"}', '{"a":"b",}', '{"a":"b"} {}', "{" * 100_000, '{"a":' * 100_000),
        *('{"a":"1","b":"2","a":"1"}', ' { "a" : "1" , "a" : "1" } ', '{"a":"\\"","a":"\\""}'),
        '{"a":"1","\\u0061":"1"}',
    ],
)
def test_what_only_seems_to_be_an_object_of_texts(text):
    with pytest.raises(MalformedError):
        read_object(text, "here")


def longer_way(data):
    """What the standard library says of it, strictly."""

    def unique(pairs):
        if len(dict(pairs)) != len(pairs):
            raise ValueError
        return dict(pairs)

    def refuse(text):
        raise ValueError(text)

    def finite(text):
        return float(text) if abs(float(text)) != float("inf") else refuse(text)

    try:
        text = data.decode() if isinstance(data, bytes) else data
        document = json.loads(text, object_pairs_hook=unique, parse_constant=refuse, parse_float=finite)
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


PIECES = st.sampled_from(
    [
        *('"a"', '"b"', '"\\""', '"\\ud83d\\ude00"', '"\\ud800"', "{", "}", ":", ",", "[", "]", "1", "1.5", "null"),
        *(
            " ",
            "\n",
            '"a":"b"',
            '"a":"c"',
            '"张":"三"',
            '"\ud800"',
            "\x01",
            "\\",
            "\ufeff",
            '"\\udc00"',
            '"\\ud800\\u0041"',
        ),
        *('"\\u0022"', '"\\/"', '"\\x"', '"\\n":"\\u0000"'),
    ]
)


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=9).map(lambda pieces: "{" + "".join(pieces) + "}"))
def test_the_quick_way_and_the_longer_way_agree(text):
    for data in (text, text.encode("utf-8", "surrogatepass")):
        expected = longer_way(data)
        if expected is None:
            with pytest.raises(MalformedError):
                read_object(data, "here")
        else:
            assert read_object(data, "here") == expected


def test_canonical_is_one_text_for_equal_documents():
    one = {"b": {"y": 1, "x": [{"d": 1, "c": 2}]}, "a": "张"}
    other = {"a": "张", "b": {"x": [{"c": 2, "d": 1}], "y": 1}}
    assert write_canonical(one) == write_canonical(other) == '{"a":"张","b":{"x":[{"c":2,"d":1}],"y":1}}'
