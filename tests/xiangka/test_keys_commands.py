"""``xiangka keys``: folders of keys made and shown, and every mistake in one line with nothing left behind."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from shell import HANG_S, one_line, until

import fixtures
from certification.laboratory import load_laboratory
from evidence.keys.folder import load_signer
from evidence.keys.making import keys_in_files, make_centre, make_signer
from evidence.signer_certificates import Centre, Holder, Validity, read_certificate
from xiangka.cli import main

PASSWORD = "nine letters"
NAMED = ("--name", "甲", "--organisation", "检测所")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A centre and a laboratory with their password in a file."""
    folder = tmp_path_factory.mktemp("desk")
    write_password(folder / "password", PASSWORD)
    few = keys_in_files(PASSWORD, iterations=1)
    decades = Validity.days(datetime.now(UTC), 7300)
    make_centre(folder / "centre", "发证中心", "省", decades, few)
    centre = load_signer(folder / "centre", PASSWORD)
    make_signer(folder / "laboratory", Holder("甲", "laboratory", "检测所"), decades, centre, few)
    return folder


def write_password(file, password):
    file.write_text(password + "\n")
    file.chmod(0o600)


def signer(desk, folder, *more, role="laboratory"):
    """Command line that makes a signer."""
    secrets = ("--centre-password-file", str(desk / "password"), "--password-file", str(desk / "password"))
    return ["keys", "signer", str(folder), "--role", role, *NAMED, "--centre", str(desk / "centre"), *secrets, *more]


def refused(capsys, *arguments):
    """What a command says that must be refused."""
    capsys.readouterr()
    assert main([str(part) for part in arguments]) == 4
    told = capsys.readouterr()
    assert told.out == ""
    return one_line(told.err)


def test_a_centre_lasts_twenty_years_and_its_signer_two(tmp_path, capsys):
    write_password(tmp_path / "password", PASSWORD)
    secret = ("--password-file", str(tmp_path / "password"))
    assert main(["keys", "centre", str(tmp_path / "centre"), *NAMED, *secret]) == 0
    assert main(signer(tmp_path, tmp_path / "new")) == 0
    made = load_signer(tmp_path / "new", PASSWORD)
    certificate = read_certificate(made.certificate)
    centre = Centre((tmp_path / "centre" / "centre.pem").read_bytes())
    centre.check(certificate, datetime.now(UTC))
    assert (made.name, made.role, made.holder.organisation) == ("甲", "laboratory", "检测所")
    assert days(certificate) == 730
    assert days(centre.roots[0]) == 7300
    assert "Everybody who verifies needs" in capsys.readouterr().out


def days(certificate):
    return (certificate.validity.end - certificate.validity.begin).days


def test_show_tells_whose_keys_they_are_without_a_password(desk, capsys):
    assert main(["keys", "show", str(desk / "laboratory")]) == 0
    told = capsys.readouterr().out
    assert "甲, laboratory, 检测所\nkeys: file\n" in told
    assert main(["keys", "show", str(desk / "centre")]) == 0
    assert "发证中心, centre, 省" in capsys.readouterr().out


def test_show_says_of_expired_keys_that_they_may_not_sign(tmp_path, capsys):
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    make_centre(tmp_path / "centre", "甲", "省", Validity.days(begin, 10), keys_in_files(PASSWORD, 1))
    assert main(["keys", "show", str(tmp_path / "centre")]) == 1
    assert "may not sign now: the certificate of 甲 expired on 2020-01-11" in capsys.readouterr().out


def test_specimen_keys_say_what_they_are_and_can_be_used_at_once(tmp_path, capsys):
    assert main(["keys", "specimen", str(tmp_path / "keys")]) == 0
    assert "They prove nothing" in capsys.readouterr().out
    for role in ("centre", "laboratory", "authoriser"):
        made = load_signer(tmp_path / "keys" / role, (tmp_path / "keys" / "password").read_text().strip())
        assert made.role == role
        assert "SPECIMEN" in made.name
        assert "样本" in made.name
        name = load_laboratory(Path(fixtures.__file__).parent / "laboratories" / "specimen.toml").laboratory.name
        assert made.holder.organisation == f"{name.zh} {name.en}"


def test_an_existing_folder_is_left_alone(desk, capsys):
    before = {file.name: file.read_bytes() for file in (desk / "laboratory").iterdir()}
    assert "exists already" in refused(capsys, *signer(desk, desk / "laboratory"))
    assert before == {file.name: file.read_bytes() for file in (desk / "laboratory").iterdir()}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("--days", "0"), "--days: is no number of days"),
        (("--days", "99999999"), "--days: is more than time lasts"),
        (("--days", "9000"), "the centre's own certificate is valid from"),
        (("--from", "2020-01-01"), "the centre's own certificate is valid from"),
        (("--from", "yesterday"), "--from"),
        (("--name", " "), "a name has 1 to 64 characters"),
        (("--name", "甲\n乙"), "a name has 1 to 64 characters"),
        (("--organisation", "所" * 65), "a name has 1 to 64 characters"),
        (("--role", "tester"), "--role"),
        (("--token", "one"), "--module, --token: go together"),
        (("--module", "/nowhere.so", "--token", "one"), "the token refuses"),
        (("--centre", "/nowhere"), "cannot be read"),
        (("--password-file", "/nowhere"), "/nowhere: cannot be read"),
    ],
)
def test_a_mistake_is_told_in_one_line_and_leaves_nothing(desk, tmp_path, capsys, change, said):
    assert said in refused(capsys, *signer(desk, tmp_path / "new", *change))
    assert list(tmp_path.iterdir()) == []


def test_wrong_and_weak_passwords_are_refused(desk, tmp_path, capsys):
    write_password(tmp_path / "wrong", "another one")
    write_password(tmp_path / "weak", "1234567")
    wrong = signer(desk, tmp_path / "new", "--centre-password-file", tmp_path / "wrong")
    assert "sm2.key: the password is wrong" in refused(capsys, *wrong)
    weak = signer(desk, tmp_path / "new", "--password-file", tmp_path / "weak")
    assert "fewer than 8 characters" in refused(capsys, *weak)
    (tmp_path / "weak").chmod(0o644)
    assert "mode 0644" in refused(capsys, *weak)
    assert not (tmp_path / "new").exists()


def test_a_signer_is_no_centre(desk, tmp_path, capsys):
    assert "甲 is no centre" in refused(capsys, *signer(desk, tmp_path / "new", "--centre", desk / "laboratory"))


def test_a_folder_that_cannot_be_written_is_told(desk, capsys):
    assert "cannot be written" in refused(capsys, *signer(desk, "/proc/new"))


def test_a_folder_of_something_else_is_none_of_keys(desk, tmp_path, capsys):
    assert "cannot be read" in refused(capsys, "keys", "show", tmp_path)
    (tmp_path / "signer.json").write_text("[]")
    assert "is not one of a signer's folder" in refused(capsys, "keys", "show", tmp_path)


@pytest.mark.parametrize(("again", "code"), [(PASSWORD, 0), ("nine litters", 4)])
def test_at_a_terminal_a_new_password_is_asked_for_twice_and_never_shown(shell, screen, again, code):
    running = shell.start("keys", "centre", "new", *NAMED, terminal=screen.terminal)
    for question, typed in (("New password: ", PASSWORD), ("Again: ", again)):
        until(lambda question=question: question in screen.shown)
        screen.press(f"{typed}\n".encode())
    assert running.process.wait(HANG_S) == code
    assert "letters" not in screen.shown
    assert (shell.folder / "new").exists() == (code == 0)
    assert code != 0 or load_signer(shell.folder / "new", PASSWORD).name == "甲"


def test_where_nobody_can_be_asked_a_file_is_asked_for(shell):
    refused = shell.run("keys", "centre", "new", *NAMED)
    assert refused.exit_code == 4
    assert "nobody can be asked" in one_line(refused.said)
