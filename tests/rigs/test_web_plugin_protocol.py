"""The messages of the web plug-in, as its maker's own client writes and reads them, and any others."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigs.protocols import web_plugin
from rigs.protocols.web_plugin import Answer, Call, Function, WebPluginError

CARD = b"8A3F" * 16 + b":1"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["func", "in", "result", "out", "x"]), inner),
)


def test_a_call_is_that_of_the_makers_client() -> None:
    assert Call(Function.START, ("1", "0")).encode() == b'{"func":"dc_Scan2DBarcodeStart","in":["1","0"]}'


def test_an_answer_without_a_content_says_so_by_its_result() -> None:
    assert Answer(web_plugin.FAILED).encode() == b'{"result":"-1","out":[]}'
    assert web_plugin.content_of(Answer(web_plugin.FAILED)) is None


def test_a_content_goes_through_as_digits() -> None:
    answer = web_plugin.content_answer(CARD)
    assert answer.out == (str(len(CARD)), CARD.hex())
    assert web_plugin.content_of(web_plugin.read_answer(answer.encode())) == CARD


@pytest.mark.parametrize(
    "message",
    [b'{"result":0,"out":["V1.23"]}', b'{"result":"0","out":["V1.23"],"more":1}', b'{"result":"0","out":["V1.23"]}'],
)
def test_a_number_may_be_one_or_its_digits(message: bytes) -> None:
    assert web_plugin.read_answer(message) == Answer(0, ("V1.23",))


def test_a_content_may_be_given_as_it_is() -> None:
    assert web_plugin.content_of(Answer(0, (str(len(CARD)), CARD.decode()))) == CARD
    assert web_plugin.content_of(Answer(0, ("0", ""))) == b""


@pytest.mark.parametrize("out", [(), ("4",), ("3", "3132"), ("1", "3x"), ("two", "3132"), ("2", "3132", "")])
def test_a_content_that_is_none_is_named(out: tuple[str, ...]) -> None:
    with pytest.raises(WebPluginError):
        web_plugin.content_of(Answer(0, out))


@pytest.mark.parametrize("message", [b"", b"null", b"[]", b"{", b'{"func":1,"in":[]}', b'{"func":"dc_beep"}', b"\xff"])
def test_what_is_no_call_is_named(message: bytes) -> None:
    with pytest.raises(WebPluginError):
        web_plugin.read_call(message)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_message_is_read_or_refused(message: bytes) -> None:
    for read in (web_plugin.read_call, web_plugin.read_answer):
        try:
            found = read(message)
        except WebPluginError:
            continue
        if isinstance(found, Answer):
            with contextlib.suppress(WebPluginError):
                web_plugin.content_of(found)
    web_plugin.message_length(message)


@given(st.text(max_size=50))
def test_messages_behind_each_other_are_told_apart(text: str) -> None:
    first, second = Answer(0, (text,)).encode(), Answer(1).encode()
    assert web_plugin.message_length(first + second) == len(first)
    assert web_plugin.message_length(first[:-1]) == 0
