"""The rows of the ``ehc.*`` gateways word for word, and the options a row knows."""

import base64
import dataclasses
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES, SM4

from reference_impl.wire.blockcipher import Ecb
from reference_impl.wire.dialects import FMSH, GO, SC, XM, Encryption
from reference_impl.wire.errors import BadDigestError, MalformedError, UnsupportedError
from reference_impl.wire.exchange import Credentials, HttpAnswer
from reference_impl.wire.gateway import GatewayClient, GatewayProfile
from reference_impl.wire.gateway_codec import content_cipher
from reference_impl.wire.vocabulary import CLOSE, QUERY, REGISTER, VERIFY

NOW = 1_800_000_000_000
SECRET = "0123456789abcdefghij"
KEY = b"0123456789abcdef"
CREDENTIALS = Credentials("app-1", SECRET, "T01")
BIZ = {"name": "张三", "medstepcode": "010101"}
PLAIN = '{"name":"张三","medstepcode":"010101"}'


def envelope(row, method=VERIFY, biz=BIZ, **options):
    return json.loads(GatewayClient(row, CREDENTIALS, **options).seal_call(method, biz, NOW).http.body)


def opened(row, fields, path=None):
    profile = GatewayProfile(row)
    http = GatewayClient(row, CREDENTIALS).seal_call(VERIFY, BIZ, NOW).http
    body = json.dumps(fields).encode()
    call = profile.receive(dataclasses.replace(http, body=body, path=path or http.path))
    return profile.line(CREDENTIALS).open(call, NOW)


def test_sc_digests_in_its_order_and_then_encrypts():
    fields = envelope(SC)
    text = (
        f"app_id=app-1&biz_content={PLAIN}&digest_type=SM3&enc_type=SM4&method={VERIFY}&term_id=T01&timestamp={NOW}"
        f"&version=V1.1&app_secret={SECRET}"
    )
    assert fields["digest"] == hashlib.new("sm3", text.encode()).hexdigest().upper()
    assert Ecb(SM4(KEY), "pkcs7").decrypt(base64.b64decode(fields["biz_content"])).decode() == PLAIN


def test_go_appends_the_secret_bare_and_has_two_ciphers():
    sm4 = envelope(GO)
    text = (
        f"app_id=app-1&biz_content={sm4['biz_content']}&digest_type=SM3&enc_type=SM4&method={VERIFY}&term_id=T01"
        f"&timestamp={NOW}&version=V1.1{SECRET}"
    )
    assert sm4["digest"] == hashlib.new("sm3", text.encode()).hexdigest().upper()
    assert Ecb(SM4(KEY), "pkcs7").decrypt(bytes.fromhex(sm4["biz_content"])).decode() == PLAIN
    aes = envelope(GO, enc_type="AES")
    decryptor = Cipher(AES(KEY), modes.ECB()).decryptor()  # noqa: S305 - what the dialect does
    padded = decryptor.update(base64.b64decode(aes["biz_content"]))
    assert padded[: -padded[-1]].decode() == PLAIN
    assert envelope(GO, enc_type="PLAIN")["biz_content"] == PLAIN


@pytest.mark.parametrize("digest_type", ["SM3", "MD5", "SHA256"])
@pytest.mark.parametrize("enc_type", ["SM4", "AES", "PLAIN"])
def test_go_is_answered_in_the_options_it_asked_in(digest_type, enc_type):
    client, profile = GatewayClient(GO, CREDENTIALS, digest_type, enc_type), GatewayProfile(GO)
    sent = client.seal_call(VERIFY, BIZ, NOW)
    call, line = profile.receive(sent.http), profile.line(CREDENTIALS)
    assert line.open(call, NOW).biz == BIZ
    answer = line.seal(call, "000", "ok", BIZ, NOW)
    fields = json.loads(answer.body)
    assert (fields["digest_type"], fields["enc_type"], fields["code"]) == (digest_type, enc_type, "200")
    assert client.open_answer(sent, answer, NOW).biz == BIZ


@pytest.mark.parametrize("options", [{"digest_type": "MD5"}, {"enc_type": "AES"}, {"enc_type": "PLAIN"}])
def test_a_row_knows_only_its_own_options(options):
    with pytest.raises(ValueError, match="no such"):
        GatewayClient(SC, CREDENTIALS, **options)
    fields = envelope(SC) | options
    with pytest.raises(UnsupportedError):
        opened(SC, fields)


@pytest.mark.parametrize("row", [GO, XM, FMSH])
@pytest.mark.parametrize("version", ["V1.1", "X.M.0.1", "V1.2"])
def test_a_row_hears_its_versions(row, version):
    known = version in row.versions
    speaking = dataclasses.replace(row, versions=(version,))
    fields = envelope(speaking)
    if known:
        assert opened(row, fields).biz == BIZ
    else:
        with pytest.raises(UnsupportedError):
            opened(row, fields)


def test_xm_is_md5_over_gbk_and_names_its_method_in_the_content():
    fields = envelope(XM)
    plain = f'{{"method":"{VERIFY}",{PLAIN[1:]}'
    text = (
        f"app_id=app-1&biz_content={plain}&enc_type=PLAIN&method=all&sign_type=MD5&term_id=T01&timestamp={NOW}"
        f"&version=V1.1&key={SECRET}"
    )
    assert fields["biz_content"] == plain
    assert fields["sign"] == hashlib.md5(text.encode("gbk"), usedforsecurity=False).hexdigest().upper()
    assert "digest" not in fields
    assert "digest_type" not in fields
    request = opened(XM, fields)
    assert (request.method, request.biz) == (VERIFY, BIZ)


def test_a_character_gbk_lacks_still_has_bytes_in_xm():
    biz = {"name": "𠮷"}
    with pytest.raises(UnicodeEncodeError):
        biz["name"].encode("gbk")
    assert opened(XM, envelope(XM, biz=biz)).biz == biz


def test_the_encoding_of_xm_is_gbk_wherever_gbk_has_a_character():
    for point in (*range(0xD800), *range(0xE000, 0x10000)):
        try:
            gbk = chr(point).encode("gbk")
        except UnicodeEncodeError:
            continue
        assert chr(point).encode(XM.encoding) == gbk


@pytest.mark.parametrize("method", ["", "a b", None])
def test_xm_without_a_method_in_the_content_is_malformed(method):
    row = dataclasses.replace(XM, method_style="field")
    content = BIZ if method is None else BIZ | {"method": method}
    fields = json.loads(GatewayClient(row, CREDENTIALS).seal_call("all", content, NOW).http.body)
    with pytest.raises(MalformedError):
        opened(XM, fields)


def test_xm_with_a_method_in_the_envelope_is_another_dialect():
    row = dataclasses.replace(XM, method_style="field")
    fields = json.loads(GatewayClient(row, CREDENTIALS).seal_call(VERIFY, BIZ, NOW).http.body)
    with pytest.raises(UnsupportedError):
        opened(XM, fields)


@pytest.mark.parametrize(
    ("text", "sealed"),
    [
        ("0123456789abcdef", "6ab7aee2d145ab96a08ff984ed851a91"),
        ("hello", "c2b8049afb39f08fc1302f0471b471f2"),
    ],
)
def test_the_cipher_of_fmsh_on_the_published_texts(text, sealed):
    (way,) = FMSH.encryptions
    # The published key is no UTF-8 text, as every secret is: the row's cipher is put under it directly.
    assert (way.cipher, way.padding, way.armour) == ("sm4-ecb", "zero", "hex")
    ecb = Ecb(SM4(bytes.fromhex("11223344556677888877665544332211")), way.padding)
    assert ecb.encrypt(text.encode()).hex() == sealed
    assert ecb.decrypt(bytes.fromhex(sealed)).decode() == text


def test_fmsh_is_sm3_over_json_and_secret_at_the_address_of_its_method():
    sent = GatewayClient(FMSH, CREDENTIALS).seal_call(QUERY, BIZ, NOW)
    fields = json.loads(sent.http.body)
    assert sent.http.path == "/hospital/v3/user/query"
    assert "method" not in fields
    covered = {
        "app_id": "app-1",
        "biz_content": PLAIN,
        "digest_type": "SM3",
        "enc_type": "SM4",
        "method": QUERY,
        "term_id": "T01",
        "timestamp": str(NOW),
        "version": "V1.1",
    }
    text = json.dumps(covered, ensure_ascii=False, separators=(",", ":")) + SECRET
    assert fields["digest"] == hashlib.new("sm3", text.encode()).hexdigest().upper()
    assert fields["biz_content"] == fields["biz_content"].lower()
    assert Ecb(SM4(KEY), "zero").decrypt(bytes.fromhex(fields["biz_content"])).decode() == PLAIN


def test_fmsh_cannot_be_sent_to_another_address():
    fields = envelope(FMSH, QUERY)
    assert opened(FMSH, fields, "/hospital/v3/user/query").method == QUERY
    for path in ("/hospital/v3/user/close", "/hospital/v3/register"):
        with pytest.raises(BadDigestError):
            opened(FMSH, fields, path)
    with pytest.raises(UnsupportedError):
        opened(FMSH, fields, "/hospital/v3/user/other")
    with pytest.raises(BadDigestError):
        opened(FMSH, fields | {"method": QUERY}, "/hospital/v3/user/close")


def test_fmsh_answers_no_other_question():
    client, profile = GatewayClient(FMSH, CREDENTIALS), GatewayProfile(FMSH)
    sent = client.seal_call(CLOSE, BIZ, NOW)
    answer = profile.line(CREDENTIALS).seal(profile.receive(sent.http), "000", "ok", {}, NOW)
    assert "method" not in json.loads(answer.body)
    with pytest.raises(BadDigestError):
        client.open_answer(dataclasses.replace(sent, method=REGISTER), answer, NOW)


@pytest.mark.parametrize("name", ["", "x", "xx", "xxx", "xxxx"])
def test_fmsh_reads_every_length_of_content(name):
    biz = {"n": "0123456" + name}
    fields = envelope(FMSH, biz=biz)
    plain = json.dumps(biz, separators=(",", ":"))
    assert len(fields["biz_content"]) == 2 * 16 * -(-len(plain) // 16)
    assert opened(FMSH, fields).biz == biz


def test_a_nul_at_the_end_is_taken_for_padding_only_with_zero_padding():
    for padding, text in (("zero", "{}"), ("pkcs7", "{}\0")):
        cipher = content_cipher(Encryption("SM4", "sm4-ecb", padding), SECRET, "utf-8")
        assert cipher.decrypt(cipher.encrypt("{}\0")) == text


def test_a_block_of_nuls_behind_the_content_is_no_padding():
    cipher = content_cipher(FMSH.encryptions[0], SECRET, "utf-8")
    fields = envelope(FMSH)
    fields["biz_content"] += cipher.encrypt("\0" * 16)
    with pytest.raises(BadDigestError):
        opened(FMSH, fields)


def test_a_message_without_code_is_no_answer():
    client = GatewayClient(SC, CREDENTIALS)
    sent = client.seal_call(VERIFY, BIZ, NOW)
    with pytest.raises(MalformedError):
        client.open_answer(sent, HttpAnswer(200, "", sent.http.body), NOW)
