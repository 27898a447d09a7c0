"""Certificates with SM2: believed only when the centre gave them, by us and by openssl alike."""

import subprocess
from datetime import timedelta

import pytest
from asn1crypto import x509

from evidence.errors import SignatureError
from evidence.keys.folder import armoured
from evidence.signer_certificates import (
    AUTHORISER,
    LABORATORY,
    P256,
    Centre,
    Holder,
    Validity,
    issue_root,
    issue_signer,
    pem_certificates,
    read_certificate,
)
from reference_impl.wire import sm2
from tests.evidence.sealed_runs import SIGNED, VALID

CENTRE = Holder("发证中心", "centre", "样本")
TESTER = Holder("甲", LABORATORY, "样本")


class Party:
    """Somebody with a key: signs certificates."""

    def __init__(self):
        self.pair = sm2.generate()
        self.public = self.pair.public

    def sign(self, data):
        return sm2.signature_to_der(sm2.Signer(self.pair.private).sign(data))


@pytest.fixture(scope="module")
def root():
    """The centre, and its root certificate."""
    party = Party()
    party.certificate = issue_root(CENTRE, party.public, VALID, party.sign)
    return party


@pytest.fixture(scope="module")
def tester(root):
    """A laboratory's key, and its certificate by the centre."""
    party = Party()
    party.certificate = issue_signer(TESTER, party.public, VALID, root.certificate, root.sign)
    return party


def verify_by_openssl(root, certificate, tmp_path, at=SIGNED):
    """What openssl says of a certificate under a root."""
    (tmp_path / "root.pem").write_bytes(armoured(root))
    (tmp_path / "one.pem").write_bytes(armoured(certificate))
    command = f"openssl verify -CAfile root.pem -vfyopt distid:1234567812345678 -attime {int(at.timestamp())} one.pem"
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def refusal(root, certificate, at=SIGNED):
    with pytest.raises(SignatureError) as raised:
        Centre(armoured(root)).check(read_certificate(certificate), at)
    return str(raised.value)


def test_a_certificate_tells_its_holder(tester):
    read = read_certificate(tester.certificate)
    assert (read.holder, read.validity, read.public) == (TESTER, VALID, tester.public)


def test_openssl_believes_what_we_believe(root, tester, tmp_path):
    Centre(armoured(root.certificate)).check(read_certificate(tester.certificate), SIGNED)
    assert "one.pem: OK" in verify_by_openssl(root.certificate, tester.certificate, tmp_path)
    late = VALID.end + timedelta(days=1)
    assert "expired on" in refusal(root.certificate, tester.certificate, late)
    assert "certificate has expired" in verify_by_openssl(root.certificate, tester.certificate, tmp_path, late)


def test_a_certificate_for_a_year_after_2049_is_read_as_written(root):
    validity = Validity(VALID.begin, VALID.begin.replace(year=2051))
    read = read_certificate(issue_signer(TESTER, Party().public, validity, root.certificate, root.sign))
    assert read.validity == validity


def test_a_changed_certificate_is_not_the_centres(root, tester, tmp_path):
    changed = tester.certificate.replace(LABORATORY.encode(), AUTHORISER.encode())
    assert changed != tester.certificate
    assert read_certificate(changed).holder.role == AUTHORISER
    assert "not issued by this centre" in refusal(root.certificate, changed)
    assert "signature failure" in verify_by_openssl(root.certificate, changed, tmp_path)


def test_a_signer_gives_no_certificates(root, tester, tmp_path):
    """One with a laboratory's key makes an authoriser; neither as a link in between nor as a root is he believed."""
    forged = issue_signer(Holder("甲", AUTHORISER, "样本"), Party().public, VALID, tester.certificate, tester.sign)
    assert "not issued by this centre" in refusal(root.certificate, forged)
    with pytest.raises(SignatureError, match="holds no SM2 root"):
        Centre(armoured(tester.certificate))
    assert "OK" not in verify_by_openssl(tester.certificate, forged, tmp_path)


def test_a_root_of_the_same_name_with_another_key_is_another_centre(root):
    other = Party()
    other.certificate = issue_root(CENTRE, other.public, VALID, other.sign)
    party = Party()
    certificate = issue_signer(TESTER, party.public, VALID, other.certificate, other.sign)
    assert "not issued by this centre" in refusal(root.certificate, certificate)
    Centre(armoured(root.certificate) + armoured(other.certificate)).check(read_certificate(certificate), SIGNED)


def test_a_root_whose_own_time_is_over_answers_for_nobody(tester):
    old = Party()
    old.certificate = issue_root(CENTRE, old.public, Validity.days(VALID.begin, 5), old.sign)
    certificate = issue_signer(TESTER, tester.public, VALID, old.certificate, old.sign)
    assert "certificate of 发证中心 expired" in refusal(old.certificate, certificate)


def test_a_root_that_did_not_sign_itself_is_none(root):
    with pytest.raises(SignatureError, match="holds no SM2 root"):
        Centre(armoured(issue_root(CENTRE, root.public, VALID, Party().sign)))


@pytest.mark.parametrize(
    "text", [b"", b"no PEM at all", b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"]
)
def test_a_file_without_a_root_is_no_centres_file(text):
    with pytest.raises(SignatureError, match=r"no SM2 root|not a file of certificates"):
        Centre(text)


def test_a_centre_with_p256_alone_signs_no_evidence(root):
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    from evidence.keys.p256 import p256_public, sign_p256

    key = generate_private_key(SECP256R1())
    text = armoured(issue_root(CENTRE, p256_public(key), VALID, lambda data: sign_p256(key, data), P256))
    assert len(pem_certificates(text)) == 1
    with pytest.raises(SignatureError, match="holds no SM2 root"):
        Centre(text)


def altered(root, party, change):
    """A certificate the centre really signed, but of another shape."""
    parsed = x509.Certificate.load(issue_signer(TESTER, party.public, VALID, root.certificate, root.sign))
    body = parsed["tbs_certificate"].copy()
    change(body)
    parsed["tbs_certificate"] = body
    parsed["signature_value"] = root.sign(body.dump())
    return parsed.dump(force=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda body: body["extensions"].append({"extn_id": "1.2.3.4", "critical": True, "extn_value": b"\x05\x00"}),
            r"critical extension that is not known here \(1\.2\.3\.4\)",
        ),
        (lambda body: body["extensions"].__delitem__(1), "not one to sign with"),
        (lambda body: body.__setitem__("extensions", None), "not one to sign with"),
        (lambda body: body.__setitem__("subject", x509.Name.build({"common_name": "甲"})), "cannot be read"),
        (lambda body: body["signature"].__setitem__("algorithm", "sha256_ecdsa"), "not one with SM2 and SM3"),
    ],
)
def test_a_certificate_of_another_shape_is_not_one_to_sign_with(root, tester, change, said):
    with pytest.raises(SignatureError, match=said):
        read_certificate(altered(root, tester, change))


@pytest.mark.parametrize("der", [b"", b"\x30\x00", b"\x30\x80", bytes(300), b"\x30\x82\xff\xff"])
def test_what_is_no_certificate_is_said_to_be_none(der):
    with pytest.raises(SignatureError, match="cannot be read"):
        read_certificate(der)


def test_no_damage_makes_reading_raise_anything_else(tester):
    for place in range(0, len(tester.certificate), 3):
        damaged = bytearray(tester.certificate)
        damaged[place] ^= 0x41
        try:
            read_certificate(bytes(damaged))
        except SignatureError:
            continue
