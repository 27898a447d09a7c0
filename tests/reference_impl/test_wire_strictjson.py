"""JSON is read without leniency."""

import pytest

from reference_impl.wire.errors import MalformedError
from reference_impl.wire.strictjson import read_object, write_object


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
