"""Requests for certificates: keys stay with their signer, and only who has them gets certificates for them."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
import typst
from asn1crypto import pem

from evidence.errors import SignatureError
from evidence.keys.folder import load_signer
from evidence.keys.making import keys_in_files, make_centre
from evidence.keys.requests import accept, answer, make_request, read_request
from evidence.pdf_signature import Place, sign_pdf
from evidence.signed import check, sign
from evidence.signer_certificates import LABORATORY, Holder, Validity
from tests.evidence.sealed_runs import PASSWORD, SIGNED, VALID
from xiangka.cli import main

FEW = keys_in_files(PASSWORD, iterations=1)
TESTER = Holder("甲", LABORATORY, "检测所")
PEM = "-----BEGIN CERTIFICATE REQUEST-----"


def centre_in(folder):
    make_centre(folder, "发证中心", "省", VALID, FEW)
    return load_signer(folder, PASSWORD)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """The folder of a signer who has asked; take a copy to let the centre answer."""
    folder = tmp_path_factory.mktemp("desk")
    make_request(folder / "asked", TESTER, FEW)
    make_request(folder / "another", TESTER, FEW)
    return folder


@pytest.fixture(scope="module")
def centre(tmp_path_factory):
    return centre_in(tmp_path_factory.mktemp("far") / "centre")


@pytest.fixture
def asked(desk, tmp_path):
    return shutil.copytree(desk / "asked", tmp_path / "asked")


def requested(folder):
    return (folder / "request.pem").read_bytes()


def halves(folder):
    """The SM2 and the P-256 half of a request."""
    return [PEM + half for half in requested(folder).decode().split(PEM)[1:]]


def test_who_asked_signs_with_keys_that_never_left_him(asked, centre, tmp_path):
    before = {name: (asked / name).read_bytes() for name in ("sm2.key", "p256.key")}
    accept(asked, answer(read_request(requested(asked)), VALID, centre), SIGNED)
    signer = load_signer(asked, PASSWORD)
    file = tmp_path / "file"
    file.write_bytes(b"anything")
    (found,) = check(b"anything", sign(file, signer, SIGNED).read_bytes(), centre.centre)
    assert found.certificate.holder == TESTER
    assert sign_pdf(typst.compile(b"x"), signer, reason="x", place=Place(0, (0, 0, 9, 9)), now=SIGNED)
    assert {name: (asked / name).read_bytes() for name in before} == before


def test_openssl_reads_the_request_as_we_do(asked, tmp_path):
    for number, half in enumerate(halves(asked)):
        (tmp_path / "half.pem").write_text(half)
        command = "openssl req -in half.pem -verify -vfyopt distid:1234567812345678 -noout -subject -nameopt utf8"
        words = command.replace("-vfyopt distid:1234567812345678 ", "") if number else command
        done = subprocess.run(words.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "verify OK" in done.stderr
        assert "O=检测所, OU=laboratory, CN=甲" in done.stdout


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda own, other: own[0], "is no request"),
        (lambda own, other: "".join(own) + other[1], "is no request"),
        (lambda own, other: own[1] + own[0], "is no request"),
        (lambda own, other: own[0] + own[0], "is no request"),
        (lambda own, other: "".join(own).replace("REQUEST", "PAPER"), "is no request"),
        (lambda own, other: "", "is no request"),
        (lambda own, other: "hello", "is no request"),
    ],
)
def test_what_is_no_request_is_not_answered(desk, change, said):
    text = change(halves(desk / "asked"), halves(desk / "another"))
    with pytest.raises(SignatureError, match=said):
        read_request(text.encode())


def test_a_request_that_was_changed_on_its_way_is_found(asked):
    for number in (0, 1):
        both = [bytearray(pem.unarmor(half.encode())[2]) for half in halves(asked)]
        place = both[number].index(b"laboratory")
        both[number][place : place + 10] = b"authoriser"
        text = b"".join(pem.armor("CERTIFICATE REQUEST", bytes(half)) for half in both)
        with pytest.raises(SignatureError, match="not signed with the keys"):
            read_request(text)


def test_both_halves_of_a_request_name_the_same_signer(desk, tmp_path):
    make_request(tmp_path / "other", Holder("乙", LABORATORY, "检测所"), FEW)
    mixed = halves(desk / "asked")[0] + halves(tmp_path / "other")[1]
    with pytest.raises(SignatureError, match="names no one signer"):
        read_request(mixed.encode())


def test_nobody_asks_to_be_a_centre(tmp_path):
    make_request(tmp_path / "sly", Holder("甲", "centre", "省"), FEW)
    with pytest.raises(SignatureError, match="names no one signer"):
        read_request(requested(tmp_path / "sly"))


def test_an_answer_to_another_is_not_accepted(desk, asked, centre, tmp_path):
    other = answer(read_request(requested(desk / "another")), VALID, centre)
    own = answer(read_request(requested(asked)), VALID, centre)
    end = b"-----END CERTIFICATE-----\n"
    others, owns = other.split(end), own.split(end)
    mixed = end.join([owns[0], others[1], *owns[2:]])
    strange = end.join([*owns[:2], centre_in(tmp_path / "elsewhere").centre])
    for text, said in (
        (other, "answers the request of other keys"),
        (mixed, "answers the request of other keys"),
        (strange, "not issued by this centre"),
        (own[:900], "no answer to a request|not a file of certificates"),
        (centre.centre, "no answer to a request"),
    ):
        with pytest.raises(SignatureError, match=said):
            accept(asked, text, SIGNED)
    assert not (asked / "sm2.crt").exists()
    with pytest.raises(SignatureError, match="expired on"):
        accept(asked, own, VALID.end + timedelta(days=1))


def test_later_certificates_for_the_same_keys_replace_earlier_ones(asked, centre):
    request = read_request(requested(asked))
    accept(asked, answer(request, Validity.days(VALID.begin, 30), centre), SIGNED)
    accept(asked, answer(request, Validity.days(VALID.begin, 60), centre), SIGNED)
    load_signer(asked, PASSWORD)
    assert sorted(file.name for file in asked.iterdir()) == sorted(
        ["signer.json", "sm2.key", "p256.key", "sm2.crt", "p256.crt", "centre.pem", "request.pem"]
    )


def test_the_commands_do_it_between_two_desks(tmp_path, capsys):
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "password").chmod(0o600)
    now = datetime.now(UTC)
    make_centre(tmp_path / "centre", "发证中心", "省", Validity.days(now, 4000), FEW)
    make_request(tmp_path / "lab", TESTER, FEW)
    request, reply = tmp_path / "lab" / "request.pem", tmp_path / "answer.pem"
    secret = ("--password-file", str(tmp_path / "password"))
    issue = ["keys", "issue", str(request), "--centre", str(tmp_path / "centre"), "--out", str(reply), *secret]
    assert main(issue) == 0
    assert main(["keys", "accept", str(tmp_path / "lab"), str(reply)]) == 0
    told = capsys.readouterr().out
    assert "certificates of 甲 (laboratory) of 检测所" in told
    assert "ask the centre whether that is its own" in told
    assert main(["keys", "show", str(tmp_path / "lab")]) == 0
    capsys.readouterr()
    for command, said in (
        (issue, "exists already"),
        ([*issue[:2], str(reply), *issue[3:6], str(tmp_path / "new"), *secret], "answer.pem: is no request"),
        (["keys", "accept", str(tmp_path / "centre"), str(reply)], "has no request"),
        (["keys", "accept", str(tmp_path / "lab"), str(request)], "request.pem: is no answer to a request"),
        (["keys", "accept", str(tmp_path / "lab"), "/nowhere"], "/nowhere: cannot be read"),
    ):
        assert main(command) == 4
        assert said in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
