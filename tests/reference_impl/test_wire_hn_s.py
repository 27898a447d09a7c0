"""The hardened profile: what the signature covers, what binds an answer, what the cipher hides."""

import base64
import dataclasses
import hashlib
import json
from random import Random

import pytest

from reference_impl.wire.errors import (
    BadDigestError,
    MalformedError,
    UnsealedRefusalError,
    UnsupportedError,
    WrongAnswerError,
)
from reference_impl.wire.exchange import Credentials
from reference_impl.wire.hn_s import HnSClient, HnSProfile
from reference_impl.wire.sm import hmac_sm3, sm4_gcm_decrypt
from reference_impl.wire.sm2 import Signer, Verifier, generate
from reference_impl.wire.vocabulary import CLOSE, VERIFY

NOW = 1_800_000_000_000
RANDOM = Random(11)
APP = generate(RANDOM.randbytes)
SECRET = "0123456789abcdefghij"
CREDENTIALS = Credentials("app-1", SECRET, "T01", APP.public)
PROFILE = HnSProfile(Verifier, RANDOM.randbytes)
LINE = PROFILE.line(CREDENTIALS)
CLIENT = HnSClient(CREDENTIALS, Signer(APP.private), RANDOM.randbytes)
BIZ = {"ehealth_code": "x:1", "name": "张三"}


def asked():
    sent = CLIENT.seal_call(VERIFY, BIZ, NOW)
    return sent, json.loads(sent.http.body)


def opened(sent, fields):
    call = PROFILE.receive(dataclasses.replace(sent.http, body=json.dumps(fields).encode()))
    return LINE.open(call, NOW)


def test_the_signature_is_over_every_other_field_word_for_word():
    sent, fields = asked()
    assert sorted(fields) == sorted(
        ["method", "app_id", "term_id", "version", "timestamp", "nonce", "enc_type", "sign_type", "sign", "biz_content"]
    )
    pairs = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "sign")
    assert Verifier(APP.public).verify(f"hn-s request\n{pairs}".encode(), bytes.fromhex(fields["sign"]))
    assert (fields["enc_type"], fields["sign_type"]) == ("SM4-GCM", "SM2")
    assert opened(sent, fields).biz == BIZ


def test_the_content_is_under_a_key_of_its_own():
    _, fields = asked()
    nonce = fields["nonce"]
    key = hmac_sm3(SECRET.encode(), f"hn-s request|{nonce}".encode())[:16]
    sealed = base64.b64decode(fields["biz_content"])
    assert json.loads(sm4_gcm_decrypt(key, sealed[:12], sealed[12:], nonce.encode())) == BIZ


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("method", CLOSE, BadDigestError),
        ("app_id", "app-2", BadDigestError),
        ("term_id", "T02", BadDigestError),
        ("timestamp", str(NOW + 1), BadDigestError),
        ("nonce", "0" * 32, BadDigestError),
        ("biz_content", "AAAA", BadDigestError),
        ("sign", "0" * 128, BadDigestError),
        ("sign", "", BadDigestError),
        ("sign", "张", BadDigestError),
        ("version", "S.2", UnsupportedError),
        ("enc_type", "PLAIN", UnsupportedError),
        ("sign_type", "SM3", UnsupportedError),
        ("nonce", "1234567890", MalformedError),
        ("nonce", "A" * 32, MalformedError),
        ("nonce", "", MalformedError),
        ("method", "a b", MalformedError),
        ("app_id", "a&b", MalformedError),
        ("term_id", None, MalformedError),
    ],
)
def test_a_changed_field_is_refused(name, value, error):
    sent, fields = asked()
    with pytest.raises(error):
        opened(sent, fields | {name: value})


def test_a_signature_has_one_spelling():
    sent, fields = asked()
    with pytest.raises(BadDigestError):
        opened(sent, fields | {"sign": fields["sign"].upper()})


def test_the_platform_cannot_be_shown_its_own_answer():
    sent, question = asked()
    answer = json.loads(LINE.seal(PROFILE.receive(sent.http), "000", "ok", BIZ, NOW).body)
    with pytest.raises(BadDigestError):
        opened(sent, question | {name: answer[name] for name in question if name in answer})


def test_a_question_shown_to_its_caller_is_no_answer():
    sent, question = asked()
    answer = LINE.seal(PROFILE.receive(sent.http), "000", "ok", BIZ, NOW)
    mirrored = json.loads(answer.body) | {"biz_content": question["biz_content"]}
    with pytest.raises(BadDigestError):
        CLIENT.open_answer(sent, dataclasses.replace(answer, body=json.dumps(mirrored).encode()), NOW)


def test_an_answer_without_content_proves_nothing():
    sent, _ = asked()
    answer = LINE.seal(PROFILE.receive(sent.http), "301", "no", {}, NOW)
    bare = json.loads(answer.body) | {"biz_content": ""}
    with pytest.raises(UnsealedRefusalError):
        CLIENT.open_answer(sent, dataclasses.replace(answer, body=json.dumps(bare).encode()), NOW)
    with pytest.raises(BadDigestError):
        CLIENT.open_answer(sent, dataclasses.replace(answer, body=json.dumps(bare | {"code": "000"}).encode()), NOW)


def test_one_request_sealed_twice_has_two_nonces_and_two_contents():
    (_, one), (_, two) = asked(), asked()
    assert one["nonce"] != two["nonce"]
    assert one["biz_content"] != two["biz_content"]


def test_two_answers_to_one_request_never_meet_in_key_and_nonce():
    sent, _ = asked()
    call = PROFILE.receive(sent.http)
    answers = [json.loads(LINE.seal(call, "000", "ok", BIZ, NOW).body)["biz_content"] for _ in range(2)]
    ivs = [base64.b64decode(text)[:12] for text in answers]
    assert ivs[0] != ivs[1]


def test_the_replay_key_is_the_nonce_of_that_application():
    sent, fields = asked()
    request = opened(sent, fields)
    assert request.digest == fields["nonce"]
    assert request.replay_key == hashlib.new("sm3", f"app-1|{fields['nonce']}".encode()).digest()


def test_an_answer_belongs_to_one_request_and_one_terminal():
    sent, _ = asked()
    other, _ = asked()
    answer = LINE.seal(PROFILE.receive(sent.http), "000", "ok", BIZ, NOW)
    assert CLIENT.open_answer(sent, answer, NOW).biz == BIZ
    with pytest.raises(WrongAnswerError):
        CLIENT.open_answer(other, answer, NOW)
    elsewhere = HnSClient(
        dataclasses.replace(CREDENTIALS, term_id="T02"),
        Signer(APP.private),
        RANDOM.randbytes,
    )
    with pytest.raises(WrongAnswerError):
        elsewhere.open_answer(sent, answer, NOW)


@pytest.mark.parametrize("name", ["code", "message", "timestamp", "nonce", "biz_content"])
def test_a_changed_answer_is_refused(name):
    sent, _ = asked()
    answer = LINE.seal(PROFILE.receive(sent.http), "301", "no", {}, NOW)
    fields = json.loads(answer.body) | {name: "000"}
    with pytest.raises(WrongAnswerError if name == "nonce" else BadDigestError):
        CLIENT.open_answer(sent, dataclasses.replace(answer, body=json.dumps(fields).encode()), NOW)


def test_a_signed_request_under_another_secret_cannot_be_read():
    sent, _ = asked()
    line = PROFILE.line(dataclasses.replace(CREDENTIALS, app_secret="another secret, as long"))
    with pytest.raises(BadDigestError):
        line.open(PROFILE.receive(sent.http), NOW)
