"""Keys in encrypted files: opened by their password alone, by us and by openssl."""

import subprocess

import pytest
from asn1crypto import keys, pem
from cryptography.hazmat.primitives import serialization

from evidence.errors import SignatureError
from evidence.keys.folder import armoured, load_signer
from evidence.keys.making import keys_in_files, make_centre, make_signer
from evidence.keys.p256 import p256_key, p256_pkcs8
from evidence.keys.sealed_pkcs8 import ITERATIONS, open_sealed, seal, sm2_pair, sm2_pkcs8
from evidence.keys.secret_file import read_secret_file
from evidence.signer_certificates import LABORATORY, Holder
from reference_impl.wire import sm2
from tests.evidence.sealed_runs import PASSWORD, VALID


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False, **options)


def test_an_sm2_key_comes_back_as_it_was():
    pair = sm2.generate()
    assert sm2_pair(open_sealed(seal(sm2_pkcs8(pair), "密码 password", 10), "密码 password")) == pair


def test_openssl_opens_the_key_and_signs_with_it_what_we_check(tmp_path):
    pair = sm2.generate()
    (tmp_path / "key").write_bytes(seal(sm2_pkcs8(pair), PASSWORD))
    (tmp_path / "data").write_bytes(b"anything")
    signing = ("dgst", "-sm3", "-sigopt", "distid:1234567812345678", "-sign", "key", "-out", "signature", "data")
    assert openssl(*signing, "-passin", "pass:another", cwd=tmp_path).returncode != 0
    done = openssl("dgst", "-passin", f"pass:{PASSWORD}", *signing[1:], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    signature = sm2.signature_from_der((tmp_path / "signature").read_bytes())
    assert sm2.Verifier(pair.public).verify(b"anything", signature)


def test_we_open_a_key_that_openssl_made(tmp_path):
    made = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", "plain", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    sealing = ("pkcs8", "-topk8", "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256", "-in", "plain", "-out", "key")
    assert openssl(*sealing, "-passout", f"pass:{PASSWORD}", cwd=tmp_path).returncode == 0
    pair = sm2_pair(open_sealed((tmp_path / "key").read_bytes(), PASSWORD))
    told = openssl("pkey", "-in", "plain", "-pubout", cwd=tmp_path).stdout
    assert pem.unarmor(told.encode())[2].endswith(pair.public)


def test_a_password_costs_whoever_guesses_it():
    """As OWASP advises for PBKDF2-HMAC-SHA256: 600 000 rounds."""
    info = keys.EncryptedPrivateKeyInfo.load(pem.unarmor(seal(p256_pkcs8(), PASSWORD))[2])
    derivation = info["encryption_algorithm"]["parameters"]["key_derivation_func"]["parameters"]
    assert derivation["iteration_count"].native == ITERATIONS >= 600_000
    assert len(derivation["salt"].native) >= 16


def test_neither_key_nor_password_stands_in_clear(tmp_path):
    make_centre(tmp_path / "centre", "中心", "省", VALID, keys_in_files(PASSWORD, 1))
    signer = load_signer(tmp_path / "centre", PASSWORD)
    private = sm2_pair(open_sealed((tmp_path / "centre" / "sm2.key").read_bytes(), PASSWORD)).private
    for file in (tmp_path / "centre").iterdir():
        assert file.stat().st_mode & 0o077 == 0
        content = file.read_bytes()
        assert not {private, PASSWORD.encode()} & {content[at : at + 32] for at in range(len(content))}
        assert b"-----BEGIN PRIVATE KEY" not in content
    assert private.hex() not in repr(signer)
    assert PASSWORD not in repr(signer)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text, "the password is wrong"),
        (lambda text: text[: len(text) // 2], "no key encrypted with"),
        (lambda text: b"", "no key encrypted with"),
        (lambda text: armoured(pem.unarmor(text)[2]), "no key encrypted with"),
        (lambda text: text.replace(b"ENCRYPTED PRIVATE", b"PRIVATE"), "no key encrypted with"),
    ],
)
def test_a_key_that_cannot_be_opened_says_why(damage, said):
    with pytest.raises(SignatureError, match=said):
        open_sealed(damage(seal(p256_pkcs8(), PASSWORD, 10)), "another password")


def test_a_file_that_asks_for_endless_rounds_is_not_tried():
    info = keys.EncryptedPrivateKeyInfo.load(pem.unarmor(seal(p256_pkcs8(), PASSWORD, 10))[2])
    info["encryption_algorithm"]["parameters"]["key_derivation_func"]["parameters"]["iteration_count"] = 2**40
    with pytest.raises(SignatureError, match="no key encrypted with"):
        open_sealed(pem.armor("ENCRYPTED PRIVATE KEY", info.dump(force=True)), PASSWORD)


def test_one_kind_of_key_is_not_taken_for_the_other():
    with pytest.raises(SignatureError, match="no SM2 key"):
        sm2_pair(p256_pkcs8())
    with pytest.raises(SignatureError, match="no P-256 key"):
        p256_key(sm2_pkcs8(sm2.generate()))
    assert serialization.load_der_private_key(p256_pkcs8(), None)


def test_a_folder_with_the_key_of_another_is_refused(tmp_path):
    keep = keys_in_files(PASSWORD, 1)
    make_centre(tmp_path / "centre", "中心", "省", VALID, keep)
    centre = load_signer(tmp_path / "centre", PASSWORD)
    for name in ("one", "two"):
        make_signer(tmp_path / name, Holder(name, LABORATORY, "所"), VALID, centre, keep)
    (tmp_path / "two" / "sm2.key").write_bytes((tmp_path / "one" / "sm2.key").read_bytes())
    with pytest.raises(SignatureError, match="two: key and certificate are not a pair"):
        load_signer(tmp_path / "two", PASSWORD)
    (tmp_path / "two" / "sm2.key").unlink()
    with pytest.raises(SignatureError, match=r"two/sm2\.key: cannot be read"):
        load_signer(tmp_path / "two", PASSWORD)


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (b"a password\n", 0o640, "mode 0640"),
        (b"", 0o600, "does not hold one line"),
        (b"one\ntwo\n", 0o600, "does not hold one line"),
        (b"\xff\xfe", 0o600, "no text in UTF-8"),
    ],
)
def test_a_password_file_that_is_none_is_refused(tmp_path, content, mode, said):
    file = tmp_path / "password"
    file.write_bytes(content)
    file.chmod(mode)
    with pytest.raises(SignatureError, match=said):
        read_secret_file(file)
    with pytest.raises(SignatureError, match="cannot be read"):
        read_secret_file(tmp_path / "nowhere")


def test_a_password_is_the_line_with_its_blanks(tmp_path):
    file = tmp_path / "password"
    file.write_text(" a b \r\n")
    file.chmod(0o600)
    assert read_secret_file(file) == " a b "
