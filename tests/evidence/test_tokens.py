"""Keys in a real PKCS#11 token, SoftHSM, by the commands people type, each in a process of its own.

SoftHSM reads its settings once a process, so that this one could not share a token with other tests.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typst

from evidence.keys.specimen import make_specimen
from evidence.manifest import write_manifest
from evidence.signed import check
from tests.evidence.sealed_runs import NAME, make_run
from tests.reference_impl.softhsm import PIN, TOKEN, hsm_module, write_pin_file

assert hsm_module

SIGN_PDF = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from evidence.keys.folder import load_signer
from evidence.pdf_signature import Place, sign_pdf
keys, pin, pdf = sys.argv[1:]
signer = load_signer(Path(keys), pin)
place = Place(0, (0, 0, 9, 9))
signed = sign_pdf(Path(pdf).read_bytes(), signer, reason="x", place=place, now=datetime.now(UTC))
Path(pdf).write_bytes(signed)
"""


@dataclass
class Desk:
    """A folder with a token of its own, and a shell in it."""

    folder: Path
    module: Path
    tokens: str = "tokens"

    def run(self, *command, tokens=None):
        """Run a command that sees the token, or other tokens."""
        environment = {**os.environ, "SOFTHSM2_CONF": f"{tokens or self.tokens}.conf"}
        return subprocess.run(
            [str(part) for part in command],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def xiangka(self, *arguments, **options):
        return self.run(sys.executable, "-m", "xiangka", *arguments, **options)

    def make_tokens(self, name):
        """A place for tokens, with nothing in it."""
        (self.folder / name).mkdir()
        settings = f"directories.tokendir = {self.folder / name}\nobjectstore.backend = file\nlog.level = ERROR\n"
        (self.folder / f"{name}.conf").write_text(settings)


@pytest.fixture(scope="module")
def desk(hsm_module, tmp_path_factory):
    """A token, specimen keys, and a laboratory whose keys were made in the token."""
    desk = Desk(tmp_path_factory.mktemp("desk"), hsm_module)
    desk.make_tokens("tokens")
    desk.make_tokens("none")
    init = ("softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--so-pin", "90210735", "--pin", PIN)
    assert desk.run(*init).returncode == 0
    write_pin_file(desk.folder, PIN)
    make_specimen(desk.folder / "specimen", datetime.now(UTC))
    made = desk.xiangka(
        *("keys", "signer", "laboratory", "--role", "laboratory", "--name", "甲", "--organisation", "检测所"),
        *("--centre", "specimen/centre", "--centre-password-file", "specimen/password"),
        *("--module", hsm_module, "--token", TOKEN, "--pin-file", f"pin-{PIN}"),
    )
    assert made.returncode == 0, made.stderr
    return desk


@pytest.fixture
def run(desk):
    """A sealed run nobody has signed yet."""
    folder = make_run(desk.folder / "run")
    write_manifest(folder, NAME)
    yield folder
    shutil.rmtree(folder)


def sign(desk, *, keys="laboratory", pin=PIN, **options):
    return desk.xiangka("report", "sign", "run", "--keys", keys, "--pin-file", f"pin-{pin}", **options)


def test_a_run_signed_with_a_token_verifies(desk, run):
    signed = sign(desk)
    assert signed.returncode == 0, signed.stderr
    centre = (desk.folder / "specimen" / "centre.pem").read_bytes()
    (found,) = check((run / "manifest.json").read_bytes(), (run / "manifest.sig").read_bytes(), centre)
    assert (found.role, found.signer, found.trusted) == ("laboratory", "甲", True)


@pytest.mark.skipif(shutil.which("pkcs11-tool") is None, reason="pkcs11-tool is missing: apt-get install opensc")
def test_no_key_can_leave_the_token_and_none_stands_in_the_folder(desk):
    login = ("pkcs11-tool", "--module", desk.module, "--token-label", TOKEN, "--login", "--pin", PIN)
    told = desk.run(*login, "--list-objects")
    bound = "sensitive, always sensitive, never extractable, local"
    assert told.stdout.count(bound) == 2, told.stdout
    assert "Private Key Object; EC" in told.stdout
    assert "Secret Key Object; AES length 32" in told.stdout
    folder = desk.folder / "laboratory"
    assert sorted(file.name for file in folder.iterdir()) == sorted(
        ["signer.json", "sm2.crt", "p256.crt", "centre.pem", "sm2.sealed"]
    )
    assert PIN.encode() not in b"".join(file.read_bytes() for file in folder.iterdir())


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="pdfsig is missing: apt-get install poppler-utils")
def test_the_token_signs_pdf_files(desk):
    pdf = desk.folder / "page.pdf"
    pdf.write_bytes(typst.compile(b"x"))
    done = desk.run(sys.executable, "-c", SIGN_PDF, "laboratory", PIN, pdf)
    assert done.returncode == 0, done.stderr
    assert "Signature is Valid" in desk.run("pdfsig", "-nocert", pdf).stdout


def test_a_wrong_pin_is_said_in_one_line_and_nothing_is_signed(desk, run):
    write_pin_file(desk.folder, "000000")
    refused = sign(desk, pin="000000")
    assert (refused.returncode, refused.stdout) == (4, "")
    assert refused.stderr.count("\n") == 1
    assert f"token {TOKEN}" in refused.stderr
    assert "the token refuses the PIN" in refused.stderr
    assert not (run / "manifest.sig").exists()


def test_a_token_that_is_not_there_is_said_in_one_line(desk, run):
    refused = sign(desk, tokens="none")
    assert refused.returncode == 4
    assert "there is no token of that label; insert it" in refused.stderr
    assert not (run / "manifest.sig").exists()


def test_a_folder_of_another_token_is_refused(desk, run):
    """Same label, but a key nobody finds there."""
    other = desk.folder / "other"
    shutil.copytree(desk.folder / "laboratory", other)
    told = json.loads((other / "signer.json").read_text())
    told["keys"]["id"] = "00" * 16
    (other / "signer.json").write_text(json.dumps(told))
    assert "holds 0 keys of this signer instead of one" in sign(desk, keys="other").stderr
    assert not (run / "manifest.sig").exists()


def test_a_sealed_key_that_was_damaged_is_named_and_not_the_token(desk, run):
    damaged = shutil.copytree(desk.folder / "laboratory", desk.folder / "damaged")
    sealed = (damaged / "sm2.sealed").read_bytes()
    for other in (sealed[:-1] + bytes((sealed[-1] ^ 1,)), sealed[:5]):
        (damaged / "sm2.sealed").write_bytes(other)
        refused = sign(desk, keys="damaged")
        assert (refused.returncode, refused.stdout) == (4, "")
        assert "damaged/sm2.sealed: is not what was enciphered for this signer" in refused.stderr
        assert "module" not in refused.stderr
    assert not (run / "manifest.sig").exists()


@pytest.mark.skipif(shutil.which("pkcs11-tool") is None, reason="pkcs11-tool is missing: apt-get install opensc")
def test_a_key_that_could_leave_the_token_is_not_signed_with(desk, run):
    own = "ab" * 16
    login = ("pkcs11-tool", "--module", desk.module, "--token-label", TOKEN, "--login", "--pin", PIN)
    made = desk.run(*login, "--keygen", "--key-type", "AES:32", "--id", own, "--label", "loose", "--extractable")
    assert made.returncode == 0, made.stderr
    loose = shutil.copytree(desk.folder / "laboratory", desk.folder / "loose")
    told = json.loads((loose / "signer.json").read_text())
    told["keys"]["id"] = own
    (loose / "signer.json").write_text(json.dumps(told))
    refused = sign(desk, keys="loose")
    assert refused.returncode == 4
    assert "the key was not made inside the token, or could leave it" in refused.stderr
    assert not (run / "manifest.sig").exists()
