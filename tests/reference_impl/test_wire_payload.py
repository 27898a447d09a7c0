"""The grammar of the code text: every shape of the field read or refused on purpose."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference_impl.wire.errors import PayloadError
from reference_impl.wire.payload import REASONS, SHAPES, CardCode, build, parse

CARD = "0123456789ABCDEF" * 4
TOKEN = "FEDCBA9876543210" * 2
GUANGDONG_NO = "44011234567890123"
SICHUAN_NO = "510112345"
XIAMEN_NO = "35021234567"


@pytest.mark.parametrize(
    ("text", "length", "code"),
    [
        (f"{CARD}:1", 66, CardCode(CARD, "1", None, None, None, "hunan-static")),
        (f"{CARD}:0:{TOKEN}", 99, CardCode(CARD, "0", TOKEN, None, None, "tencent-dynamic")),
        (
            f"{CARD}:0:{TOKEN}:{GUANGDONG_NO}",
            117,
            CardCode(CARD, "0", TOKEN, None, GUANGDONG_NO, "guangdong-dynamic"),
        ),
        (f"{CARD}:1::{SICHUAN_NO}", 77, CardCode(CARD, "1", "", None, SICHUAN_NO, "sichuan-static")),
        (f"{CARD}:0:{TOKEN}::{XIAMEN_NO}", 112, CardCode(CARD, "0", TOKEN, "", XIAMEN_NO, "xiamen-dynamic")),
    ],
)
def test_every_shape_is_read(text, length, code):
    assert len(text) == length
    assert parse(text) == code


def test_the_table_of_shapes_is_the_grammar():
    for name, pattern in SHAPES.items():
        text = pattern.replace("<64>", CARD).replace("<32>", TOKEN).replace("<record-no>", XIAMEN_NO)
        assert parse(text).shape == name


REFUSED = {
    "": "empty",
    f"{CARD}:1\0": "control_character",
    f"{CARD}:1\r": "control_character",
    f"{CARD}:1\n": "control_character",
    f"{CARD}:1 ": "whitespace",
    f" {CARD}:1": "whitespace",
    f"{CARD}:1\u3000": "whitespace",
    f"{CARD};1": "separator",
    f"{CARD}：1": "separator",
    CARD: "bare_card_id",
    f"85:{CARD}:1": "prefix_85",
    f"{CARD.lower()}:1": "lower_case",
    f"{CARD}:0:{TOKEN.lower()}": "lower_case",
    f"{CARD[:-1]}G:1": "not_hex",
    f"{CARD[:-1]}\uff10:1": "not_hex",
    f"{CARD}:0:{TOKEN[:-1]}Z": "not_hex",
    f"{CARD[:-1]}:1": "card_id_length",
    f"{CARD}A:1": "card_id_length",
    "62220212345678901234=": "card_id_length",
    ":1": "card_id_length",
    f"{CARD}:": "type_unknown",
    f"{CARD}:2": "type_unknown",
    f"{CARD}:01": "type_unknown",
    f"{CARD}:\u0660": "type_unknown",
    f"{CARD}:0": "token_missing",
    f"{CARD}:0:": "token_missing",
    f"{CARD}:0::{SICHUAN_NO}": "token_missing",
    f"{CARD}:0:{TOKEN[:-1]}": "token_length",
    f"{CARD}:0:{TOKEN}0": "token_length",
    f"{CARD}:1:{TOKEN}": "token_on_static",
    f"{CARD}:1:{SICHUAN_NO}": "token_on_static",
    f"{CARD}:0:{TOKEN}:9:{XIAMEN_NO}": "pay_not_empty",
    f"{CARD}:1:": "record_no_missing",
    f"{CARD}:1::": "record_no_missing",
    f"{CARD}:0:{TOKEN}:": "record_no_missing",
    f"{CARD}:0:{TOKEN}::": "record_no_missing",
    f"{CARD}:1::{'1' * 21}": "record_no_malformed",
    f"{CARD}:1::12-34": "record_no_malformed",
    f"{CARD}:1::\u0661": "record_no_malformed",
    f"{CARD}:1:::{XIAMEN_NO}": "extra_parts",
    f"{CARD}:0:{TOKEN}::{XIAMEN_NO}:": "extra_parts",
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.items())
def test_everything_else_is_refused_for_its_reason(text, reason):
    with pytest.raises(PayloadError) as caught:
        parse(text)
    assert caught.value.reason == reason


def test_every_reason_is_reached():
    assert set(REFUSED.values()) == set(REASONS)


def test_an_error_never_shows_the_text():
    with pytest.raises(PayloadError) as caught:
        parse(f"{CARD}:7")
    assert CARD[:8] not in f"{caught.value!s}{caught.value!r}"


def read(text):
    try:
        return parse(text)
    except PayloadError as error:
        return error.reason


PIECES = st.sampled_from([CARD, TOKEN, "0", "1", ":", "::", "85:", "a", "\0", " ", "：", XIAMEN_NO, "\ud800"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(), st.lists(PIECES, max_size=9).map("".join)))
def test_any_text_is_a_code_or_a_payload_error(text):
    code = read(text)
    if isinstance(code, CardCode):
        assert build(code.card_id, code.code_type, token=code.token, pay=code.pay, record_no=code.record_no) == text
    else:
        assert code in REASONS


HEX = "0123456789ABCDEF"
RECORD_NO = st.from_regex(re.compile(r"[0-9A-Za-z]{1,20}", re.ASCII), fullmatch=True)
CODES = st.one_of(
    st.just({"code_type": "1"}),
    st.fixed_dictionaries({"code_type": st.just("1"), "token": st.just(""), "record_no": RECORD_NO}),
    st.fixed_dictionaries(
        {"code_type": st.just("0"), "token": st.text(HEX, min_size=32, max_size=32)},
        optional={"record_no": RECORD_NO},
    ),
    st.fixed_dictionaries(
        {
            "code_type": st.just("0"),
            "token": st.text(HEX, min_size=32, max_size=32),
            "pay": st.just(""),
            "record_no": RECORD_NO,
        }
    ),
)


@given(st.text(HEX, min_size=64, max_size=64), CODES)
def test_what_is_built_is_read_back(card_id, parts):
    code = parse(build(card_id, **parts))
    assert code.card_id == card_id
    assert {name: getattr(code, name) for name in parts} == parts


@pytest.mark.parametrize(
    "parts",
    [
        {"code_type": "1", "token": f":{XIAMEN_NO}"},
        {"code_type": "0", "token": TOKEN, "pay": XIAMEN_NO},
        {"code_type": "0"},
        {"code_type": "1", "record_no": SICHUAN_NO},
    ],
)
def test_parts_that_slide_are_not_built(parts):
    with pytest.raises(PayloadError):
        build(CARD, **parts)
