"""Signature files: what is signed can be checked, and nothing but what was signed."""

import base64
import json
from datetime import timedelta

import pytest

from evidence.chain import dumped, sm3
from evidence.errors import SignatureError
from evidence.keys.folder import load_signer
from evidence.keys.making import keys_in_files, make_centre, make_signer
from evidence.signed import check, sign
from evidence.signer_certificates import AUTHORISER, LABORATORY, Holder, Validity, read_certificate
from tests.evidence.sealed_runs import NOW, PASSWORD, SIGNED, VALID, make_signers

DATA = b'{"made": "of bytes"}\n'
FEW = keys_in_files(PASSWORD, iterations=1)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "waiver.toml"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def signed(file, signers):
    """The signature file of both signers."""
    place = None
    for minutes, signer in enumerate(signers.both):
        place = sign(file, signer, SIGNED + timedelta(minutes=minutes), run="a run")
    return place


@pytest.fixture(scope="module")
def strangers(tmp_path_factory):
    """Signers of another centre that calls itself the same."""
    return make_signers(tmp_path_factory.mktemp("strangers"))


def refusal(*arguments, **options):
    with pytest.raises(SignatureError) as raised:
        check(*arguments, **options)
    return raised.value


def rewritten(signed, change):
    """The signature file as somebody writes it anew who has no key."""
    document = json.loads(signed.read_bytes())
    change(document)
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def test_both_signatures_tell_who_signed_what_and_when(signed, signers):
    found = check(DATA, signed.read_bytes(), signers.centre, now=NOW, file="waiver.toml")
    assert [(one.role, one.signer, one.run, one.trusted) for one in found] == [
        (LABORATORY, "甲", "a run", True),
        (AUTHORISER, "乙", "a run", True),
    ]
    assert [one.signed_at for one in found] == [SIGNED, SIGNED + timedelta(minutes=1)]
    assert {one.sm3 for one in found} == {sm3(DATA).hex()}


def test_signatures_stand_beside_the_file_and_those_of_a_manifest_under_a_name_of_their_own(tmp_path, signers):
    for name, expected in (("report.pdf", "report.pdf.sig"), ("manifest.json", "manifest.sig")):
        (tmp_path / name).write_bytes(DATA)
        assert sign(tmp_path / name, signers.laboratory, SIGNED).name == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["report.pdf", "report.pdf.sig", "manifest.json", "manifest.sig"]
    )


def test_every_changed_byte_of_a_signature_file_is_found(file, signers):
    """Every eleventh byte; the campaign on whole runs takes all."""
    written = sign(file, signers.laboratory, SIGNED).read_bytes()
    for place in range(0, len(written), 11):
        changed = bytearray(written)
        changed[place] ^= 1 << place % 8
        with pytest.raises(SignatureError):
            check(DATA, bytes(changed), signers.centre)


@pytest.mark.parametrize("length", [0, 1, 100, -1])
def test_a_signature_file_cut_short_is_found(signed, signers, length):
    assert "signature file" in str(refusal(DATA, signed.read_bytes()[:length], signers.centre))


def test_other_bytes_than_the_signed_are_found(signed, signers):
    error = refusal(DATA + b" ", signed.read_bytes(), signers.centre)
    assert "signature 1: 甲 signed other bytes than these" in str(error)


def test_a_signature_moved_to_a_file_of_another_name_is_found(signed, signers):
    assert "waiver.toml, not other.toml" in str(refusal(DATA, signed.read_bytes(), signers.centre, file="other.toml"))


def test_signers_of_another_centre_with_the_same_name_are_not_believed(file, signers, strangers):
    written = sign(file, strangers.laboratory, SIGNED).read_bytes()
    assert check(DATA, written, strangers.centre)
    assert "not issued by this centre" in str(refusal(DATA, written, signers.centre))


def test_nobody_is_trusted_where_no_centre_is_named(signed):
    assert [one.trusted for one in check(DATA, signed.read_bytes(), None)] == [False, False]


def test_a_signature_from_a_time_to_come_is_refused(signed, signers):
    early = SIGNED - timedelta(seconds=1)
    assert "still to come" in str(refusal(DATA, signed.read_bytes(), signers.centre, now=early))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda document: document["signatures"].reverse(), "does not follow the signature before it"),
        (lambda document: document["signatures"].pop(0), "does not follow the signature before it"),
        (lambda document: document["signatures"].append(document["signatures"][1]), "does not follow"),
        (lambda document: document["signatures"].clear(), "not written as signature files are"),
        (lambda document: document.update(schema=2), "has schema 2, this version reads 1"),
        (lambda document: document.update(more=1), "not written as signature files are"),
        (lambda document: document["signatures"][0].update(more="x"), "not written as signature files are"),
        (lambda document: document["signatures"][0]["statement"].update(sm3=7), "not written as signature files are"),
        (lambda document: document["signatures"][0]["statement"].update(signer="丙"), "names another signer"),
        (lambda document: document["signatures"][0]["statement"].update(run="b"), "does not hold"),
        (lambda document: document["signatures"][0]["statement"].update(signed_at="soon"), "no time with its zone"),
        (
            lambda document: document["signatures"][0]["statement"].update(signed_at="9999-12-31T23:59:59-23:59"),
            "no time with its zone",
        ),
        (lambda document: document["signatures"][0].update(certificate="MAA="), "cannot be read"),
        (lambda document: document["signatures"][0].update(signature="MAA="), "does not hold"),
    ],
)
def test_a_signature_file_written_anew_without_a_key_is_found(signed, signers, change, said):
    assert said in str(refusal(DATA, rewritten(signed, change), signers.centre))


def test_the_same_content_written_otherwise_is_no_signature_file(signed, signers):
    document = json.loads(signed.read_bytes())
    assert "not written" in str(refusal(DATA, json.dumps(document).encode(), signers.centre))
    twice = signed.read_bytes().replace(b'"schema": 1,', b'"schema": 1,\n "schema": 1,')
    assert "not written" in str(refusal(DATA, twice, signers.centre))


def test_the_authoriser_signs_what_the_laboratory_has_signed(signed):
    """Taken as a stranger would: statement, signature and link by hand."""
    first, second = json.loads(signed.read_bytes())["signatures"]
    link = sm3(dumped(first["statement"]).encode() + base64.b64decode(first["signature"])).hex()
    assert second["statement"]["follows"] == link
    assert first["statement"]["follows"] is None


def test_nobody_signs_twice_nor_a_second_one_of_his_role(signed, file, signers, strangers, tmp_path):
    before = signed.read_bytes()
    with pytest.raises(SignatureError, match="the key of 甲 has signed already"):
        sign(file, signers.laboratory, SIGNED + timedelta(hours=1))
    centre = load_signer(make_pair(tmp_path), PASSWORD)
    other = tmp_path / "other.txt"
    other.write_bytes(DATA)
    sign(other, load_signer(tmp_path / "one", PASSWORD), SIGNED)
    with pytest.raises(SignatureError, match="a laboratory has signed already"):
        sign(other, load_signer(tmp_path / "two", PASSWORD), SIGNED)
    assert len(check(DATA, other.with_name("other.txt.sig").read_bytes(), centre.centre)) == 1
    assert signed.read_bytes() == before


def make_pair(folder):
    """A centre with two laboratories, ``one`` and ``two``."""
    make_centre(folder / "centre", "中心", "省", VALID, FEW)
    centre = load_signer(folder / "centre", PASSWORD)
    for name in ("one", "two"):
        make_signer(folder / name, Holder(name, LABORATORY, "所"), VALID, centre, FEW)
    return folder / "centre"


def test_a_signer_whose_clock_is_behind_does_not_sign_before_the_other(file, signers):
    sign(file, signers.laboratory, SIGNED)
    with pytest.raises(SignatureError, match="is before that of 甲"):
        sign(file, signers.authoriser, SIGNED - timedelta(minutes=1))


def added_by_hand(signed, signer, at):
    """The signature file with one more signature, as somebody adds it who has a key and another program."""
    document = json.loads(signed.read_bytes())
    last = document["signatures"][-1]
    certificate = read_certificate(signer.certificate)
    statement = {
        **last["statement"],
        "role": certificate.holder.role,
        "signer": certificate.holder.name,
        "signed_at": at.isoformat(timespec="seconds"),
        "certificate_sm3": certificate.sm3,
        "follows": sm3(dumped(last["statement"]).encode() + base64.b64decode(last["signature"])).hex(),
    }
    entry = {"signature": signer.sign(dumped(statement).encode()), "certificate": certificate.der}
    encoded = {name: base64.b64encode(value).decode() for name, value in entry.items()}
    document["signatures"].append({"statement": statement, **encoded})
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def test_what_our_own_program_would_not_sign_is_not_believed_either(file, signers):
    signed = sign(file, signers.laboratory, SIGNED)
    later = SIGNED + timedelta(minutes=1)
    assert len(check(DATA, added_by_hand(signed, signers.authoriser, later), signers.centre)) == 2
    twice = added_by_hand(signed, signers.laboratory, later)
    assert "signature 2: the key of 甲 has signed already" in str(refusal(DATA, twice, signers.centre))
    early = added_by_hand(signed, signers.authoriser, SIGNED - timedelta(minutes=1))
    assert "signature 2: the signing time of 乙 is before that of 甲" in str(refusal(DATA, early, signers.centre))
    expired = added_by_hand(signed, signers.authoriser, VALID.end + timedelta(minutes=1))
    assert "signature 2: the certificate of 乙 expired on" in str(refusal(DATA, expired, signers.centre))
    assert "expired on" in str(refusal(DATA, expired, None))


def test_nothing_is_signed_over_a_signature_that_does_not_hold(file, signers):
    place = sign(file, signers.laboratory, SIGNED)
    file.write_bytes(DATA + b"more")
    before = place.read_bytes()
    with pytest.raises(SignatureError, match=r"waiver\.toml\.sig: signature 1: 甲 signed other bytes"):
        sign(file, signers.authoriser, SIGNED)
    assert place.read_bytes() == before


def test_a_certificate_holds_for_its_days_only(file, signers, tmp_path):
    begin, end = VALID.begin, VALID.end
    for moment, said in ((begin - timedelta(seconds=1), "begins on"), (end + timedelta(seconds=1), "expired on")):
        with pytest.raises(SignatureError, match=said):
            sign(file, signers.laboratory, moment)
    assert not file.with_name("waiver.toml.sig").exists()
    for moment in (begin, end):
        other = tmp_path / f"{moment:%Y%m%d}"
        other.write_bytes(DATA)
        assert check(DATA, sign(other, signers.laboratory, moment).read_bytes(), signers.centre)


def test_a_signer_outlives_no_centre(tmp_path, signers):
    make_centre(tmp_path / "centre", "中心", "省", VALID, FEW)
    centre = load_signer(tmp_path / "centre", PASSWORD)
    with pytest.raises(SignatureError, match="valid from 2026-02-20 to 2027-04-06 only"):
        make_signer(tmp_path / "one", Holder("one", LABORATORY, "所"), Validity.days(VALID.begin, 4000), centre, FEW)
    with pytest.raises(SignatureError, match="gives no certificates"):
        make_signer(tmp_path / "one", Holder("one", LABORATORY, "所"), VALID, signers.laboratory, FEW)
    assert not (tmp_path / "one").exists()


def test_a_failed_write_leaves_the_signatures_as_they_were(file, signers, monkeypatch):
    place = sign(file, signers.laboratory, SIGNED)
    before = place.read_bytes()

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("evidence.whole_file.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        sign(file, signers.authoriser, SIGNED)
    assert place.read_bytes() == before
    assert sorted(path.name for path in place.parent.iterdir()) == ["waiver.toml", "waiver.toml.sig"]
