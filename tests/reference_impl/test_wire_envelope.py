"""The hn-a envelope: round trip, tampering, clock, and the rows a dialect table can hold."""

import base64
import contextlib
import dataclasses
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference_impl.wire.blockcipher import Ecb
from reference_impl.wire.dialects import GATEWAYS, HN_A, MD5, PLAIN, SHA256, Encryption
from reference_impl.wire.envelope import (
    REQUEST_FIELDS,
    RESPONSE_FIELDS,
    Credentials,
    claimed_sender,
    open_request,
    open_response,
    seal_request,
    seal_response,
    unsealed_refusal,
)
from reference_impl.wire.errors import (
    BadDigestError,
    MalformedError,
    StaleTimestampError,
    UnsealedRefusalError,
    UnsupportedError,
    WireError,
    WrongAnswerError,
)

NOW = 1_800_000_000_000
CREDENTIALS = Credentials("app-1", "0123456789abcdefghij", "T01")
METHOD = "ehc.ehealthcode.verify"
BIZ = {"name": "张三 & 李四=😀", "medstepcode": "010101", "empty": ""}


def request(**changes):
    return seal_request(HN_A, CREDENTIALS, METHOD, BIZ, NOW) | changes


def response(**changes):
    sealed = seal_response(
        HN_A, CREDENTIALS, METHOD, code="000", message="成功", biz={**BIZ, "codes": ["a", "b"]}, timestamp_ms=NOW
    )
    return sealed | changes


def test_a_request_opens_as_it_was_sealed():
    opened = open_request(HN_A, CREDENTIALS, json.loads(json.dumps(request())), NOW)
    assert (opened.method, opened.app_id, opened.term_id, opened.timestamp_ms) == (METHOD, "app-1", "T01", NOW)
    assert opened.biz == BIZ


def test_a_response_opens_as_it_was_sealed():
    opened = open_response(HN_A, CREDENTIALS, json.loads(json.dumps(response())), METHOD, NOW)
    assert (opened.code, opened.message, opened.success) == ("000", "成功", True)
    assert opened.biz == {**BIZ, "codes": ("a", "b")}


def test_the_rule_of_hn_a_word_for_word():
    sealed = request()
    assert set(sealed) == set(REQUEST_FIELDS)
    assert (sealed["digest_type"], sealed["enc_type"], sealed["version"]) == ("SM3", "SM4", "X.M.0.1")
    plain = json.dumps(BIZ, ensure_ascii=False, separators=(",", ":"))
    text = (
        f"app_id=app-1&biz_content={plain}&digest_type=SM3&enc_type=SM4&method={METHOD}&term_id=T01"
        f"&timestamp={NOW}&version=X.M.0.1&app_secret=0123456789abcdefghij"
    )
    assert sealed["digest"] == hashlib.new("sm3", text.encode()).hexdigest().upper()
    assert Ecb(SM4(b"0123456789abcdef"), "pkcs7").decrypt(base64.b64decode(sealed["biz_content"])).decode() == plain


CHANGED = {
    "method": "ehc.ehealthcode.query",
    "app_id": "app-2",
    "term_id": "T02",
    "timestamp": str(NOW + 1),
    "digest": "0" * 64,
    "biz_content": "AAAAAAAAAAAAAAAAAAAAAA==",
}


@pytest.mark.parametrize(("name", "value"), CHANGED.items())
def test_each_changed_field_breaks_the_digest(name, value):
    with pytest.raises(BadDigestError):
        open_request(HN_A, CREDENTIALS, request(**{name: value}), NOW)


@pytest.mark.parametrize(("name", "value"), {**CHANGED, "code": "301", "message": "x"}.items())
def test_each_changed_field_of_an_answer_breaks_the_digest(name, value):
    with pytest.raises(BadDigestError):
        open_response(HN_A, CREDENTIALS, response(**{name: value}), METHOD, NOW)


@pytest.mark.parametrize("name", ["version", "digest_type", "enc_type"])
def test_another_profile_is_not_supported(name):
    with pytest.raises(UnsupportedError):
        open_request(HN_A, CREDENTIALS, request(**{name: "PLAIN"}), NOW)


@pytest.mark.parametrize("name", REQUEST_FIELDS)
@pytest.mark.parametrize("value", [None, 1, ["x"], {"x": "y"}, "\ud800"])
def test_a_field_that_is_not_text_is_malformed(name, value):
    with pytest.raises(MalformedError):
        open_request(HN_A, CREDENTIALS, request(**{name: value}), NOW)


@pytest.mark.parametrize("name", [name for name in RESPONSE_FIELDS if name != "biz_content"])
def test_an_ampersand_could_stand_for_two_fields(name):
    with pytest.raises(MalformedError):
        open_response(HN_A, CREDENTIALS, response(**{name: "a&b=c"}), METHOD, NOW)


def test_a_lower_case_digest_is_another_digest():
    with pytest.raises(BadDigestError):
        open_request(HN_A, CREDENTIALS, request(digest=request()["digest"].lower()), NOW)


@pytest.mark.parametrize("armour", ["base64", "hex"])
def test_a_content_has_one_spelling(armour):
    row = dataclasses.replace(HN_A, encryptions=(Encryption("SM4", "sm4-ecb", armour=armour),))
    sealed = seal_request(row, CREDENTIALS, METHOD, {"fills": "two blocks of text"}, NOW)
    content = sealed["biz_content"]
    if armour == "base64":
        assert content.endswith("=")
        stem = content.rstrip("=")
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        respelt = stem[:-1] + alphabet[alphabet.index(stem[-1]) + 1] + content[len(stem) :]
        assert base64.b64decode(respelt) == base64.b64decode(content)
    else:
        respelt = content.upper()
    with pytest.raises(BadDigestError):
        open_request(row, CREDENTIALS, sealed | {"biz_content": respelt}, NOW)


def test_a_digest_that_is_no_ascii_is_only_wrong():
    with pytest.raises(BadDigestError):
        open_request(HN_A, CREDENTIALS, request(digest="摘要"), NOW)


def test_a_bad_block_and_a_bad_digest_look_alike():
    errors = []
    for content in ("not base64", "AAAA", "A" * 22 + "=="):
        with pytest.raises(BadDigestError) as caught:
            open_request(HN_A, CREDENTIALS, request(biz_content=content), NOW)
        errors.append(str(caught.value))
    assert len(set(errors)) == 1


@pytest.mark.parametrize("away", [300_001, -300_001, 86_400_000, -86_400_000])
def test_a_timestamp_too_far_either_way_is_stale(away):
    with pytest.raises(StaleTimestampError):
        open_request(HN_A, CREDENTIALS, request(), NOW + away)
    with pytest.raises(StaleTimestampError):
        open_response(HN_A, CREDENTIALS, response(), METHOD, NOW + away)


@pytest.mark.parametrize("away", [300_000, -300_000, 0])
def test_a_timestamp_at_the_edge_is_fresh(away):
    assert open_request(HN_A, CREDENTIALS, request(), NOW + away).biz == BIZ


@pytest.mark.parametrize("biz", [{"count": 1}, {"list": ["a"]}, {"none": None}])
def test_a_question_holds_only_texts(biz):
    sealed = seal_request(HN_A, CREDENTIALS, METHOD, biz, NOW)
    with pytest.raises(MalformedError):
        open_request(HN_A, CREDENTIALS, sealed, NOW)


def test_an_answer_to_something_else_is_refused():
    for changed, method in (
        (CREDENTIALS, "ehc.ehealthcode.query"),
        (dataclasses.replace(CREDENTIALS, term_id="T02"), METHOD),
    ):
        with pytest.raises(WrongAnswerError):
            open_response(HN_A, changed, response(), method, NOW)


def test_a_refusal_without_digest_is_told_apart():
    with pytest.raises(UnsealedRefusalError) as caught:
        open_response(HN_A, CREDENTIALS, unsealed_refusal(HN_A, "103", "no", NOW), METHOD, NOW)
    assert caught.value.code == "103"


def test_a_success_without_digest_is_never_believed():
    with pytest.raises(BadDigestError):
        open_response(HN_A, CREDENTIALS, unsealed_refusal(HN_A, "000", "ok", NOW), METHOD, NOW)


def test_the_sender_is_read_before_the_secret_is_known():
    sender = claimed_sender(request())
    assert (sender.app_id, sender.term_id) == ("app-1", "T01")
    with pytest.raises(MalformedError):
        claimed_sender(request(app_id="a b"))


def test_the_secret_is_not_shown():
    assert CREDENTIALS.app_secret not in repr(CREDENTIALS)
    assert "张三" not in repr(open_request(HN_A, CREDENTIALS, request(), NOW))


def test_a_secret_too_short_for_the_cipher_is_refused():
    with pytest.raises(ValueError, match="16 bytes"):
        seal_request(HN_A, Credentials("a", "short", "t"), METHOD, {}, NOW)


IN_CLEAR = (PLAIN,)
ROWS = [
    *GATEWAYS.values(),
    dataclasses.replace(HN_A, encryptions=IN_CLEAR),
    dataclasses.replace(HN_A, encryptions=(Encryption("SM4", "sm4-ecb", "zero", "hex"),), digest_case="lower"),
    dataclasses.replace(HN_A, encryptions=(Encryption("AES", "aes-ecb"),), digest_over="ciphertext"),
    dataclasses.replace(HN_A, secret_suffix="{secret}", digests=(SHA256,), digest_form="json"),
    dataclasses.replace(HN_A, digest_order=("term_id", "app_id", "biz_content"), secret_suffix="&key={secret}"),
    dataclasses.replace(HN_A, encoding="gbk", digests=(MD5,)),
    dataclasses.replace(HN_A, secret_suffix="&100%s={secret}"),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_dialect_is_a_row(row):
    biz = {"name": "张三", "step": "0101011"}
    sealed = seal_request(row, CREDENTIALS, METHOD, biz, NOW)
    assert open_request(row, CREDENTIALS, sealed, NOW).biz == biz
    with pytest.raises(WireError):
        open_request(row, CREDENTIALS, sealed | {"term_id": "T02"}, NOW)


def test_the_order_of_a_row_is_the_order_of_its_digest():
    row = dataclasses.replace(HN_A, encryptions=IN_CLEAR, digest_order=("term_id", "app_id"))
    sealed = seal_request(row, CREDENTIALS, METHOD, {}, NOW)
    text = (
        f"term_id=T01&app_id=app-1&biz_content={{}}&digest_type=SM3&enc_type=PLAIN&method={METHOD}"
        f"&timestamp={NOW}&version=X.M.0.1&app_secret=0123456789abcdefghij"
    )
    assert sealed["digest"] == hashlib.new("sm3", text.encode()).hexdigest().upper()


def test_every_row_is_called_reconstructed():
    assert list(GATEWAYS) == ["hn-a", "sc", "go", "xm", "fmsh"]
    assert {row.label for row in GATEWAYS.values()} == {"reconstructed"}


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=5,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(REQUEST_FIELDS), JSON))
def test_any_envelope_is_opened_or_a_wire_error(changes):
    with contextlib.suppress(MalformedError, UnsupportedError, BadDigestError):
        open_request(HN_A, CREDENTIALS, request(**changes), NOW)
