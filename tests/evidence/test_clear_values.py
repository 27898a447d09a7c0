"""Values planted in every kind of output are found, and what only resembles them is not."""

import base64
import bz2
import gzip
import io
import json
import lzma
import os
import zipfile
from pathlib import Path
from random import Random

import pytest
import segno
import typst
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from certification.errors import PlanError
from evidence.clear_text import scan
from evidence.written_bytes import written_bytes
from xiangka.clear_check import require_nothing_in_clear
from xiangka.cli import main

PERSON, CARD = "43990019900307707X", "9999990000000006"
WIDE = "".join(chr(ord(c) + 0xFEE0) for c in PERSON)
GROUPS = "9999 9900 0000 0006"
ANOTHER = "110105199912310022"


def key(encoding, form):
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(encoding, form, NoEncryption())


def enciphered(encoding):
    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(encoding, PrivateFormat.PKCS8, BestAvailableEncryption(b"password"))


def picture(text="", code=None):
    drawn, told = io.BytesIO(), PngInfo()
    told.add_text("Description", text, zip=True)
    if code is None:
        shown = Image.new("L", (40, 40), 200)
    else:
        made = io.BytesIO()
        segno.make_qr(code).save(made, kind="png", scale=6, border=4)
        shown = Image.open(made).convert("L")
    shown.save(drawn, "png", pnginfo=told)
    return drawn.getvalue()


def archive(content):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("run/journal.jsonl", content)
    return made.getvalue()


def document(text, attached=b"nothing"):
    inner = base64.b64encode(attached).decode()
    return typst.compile(f'#set document(title: "{inner}")\n= 报告\n正文 {text} 完'.encode())


PERSON_SPELT = {
    "text": f"x {PERSON}.",
    "small x": PERSON.lower(),
    "grouped": f"{PERSON[:6]} {PERSON[6:14]} {PERSON[14:]}",
    "JSON": json.dumps({"detail": {"who": PERSON}}),
    "JSON escapes": "".join(f"\\u00{ord(c):02x}" for c in PERSON),
    "URL": "".join(f"%{ord(c):02X}" for c in PERSON),
    "HTML": "".join(f"&#{ord(c)};" for c in PERSON),
    "HTML, hex": "".join(f"&#x{ord(c):x};" for c in PERSON),
    "full width": WIDE,
    "hex": (b"id=" + PERSON.encode()).hex(),
    "hex, spaced": PERSON.encode().hex(" "),
    "UTF-16": PERSON.encode("utf-16-le"),
    "UTF-16, the other way": PERSON.encode("utf-16-be"),
    **{f"base64 at {n}": base64.b64encode(b"x" * n + PERSON.encode() + b"yz") for n in range(3)},
    "base64 within": f"path/to/{base64.b64encode(PERSON.encode()).decode()}",
    "base64 in hex": base64.b64encode(b'{"id_no":"' + PERSON.encode()).hex(),
    "hex in base64": base64.b64encode(PERSON.encode().hex().encode()),
    "PNG text": picture(PERSON),
    "code on a picture": picture(code=PERSON),
    "PNG in a page": b"<img src=data:image/png;base64," + base64.b64encode(picture(PERSON)) + b">",
    "archive": archive(PERSON),
    "archive in an archive": archive(archive(PERSON)),
    "compressed": gzip.compress(PERSON.encode()),
    "PDF": document(PERSON),
    "PDF metadata": document("", PERSON.encode()),
    "one digit escaped, JSON": f"{PERSON[:5]}\\u003{PERSON[5]}{PERSON[6:]}",
    "one digit escaped, URL": f"{PERSON[:-2]}%3{PERSON[-2]}X",
    "HTML, with zeros": "".join(f"&#{ord(c):04d};" for c in PERSON),
    "full width, JSON": json.dumps(WIDE),
    "full width, GBK": WIDE.encode("gb18030"),
    "full width, UTF-16": WIDE.encode("utf-16-le"),
    "full width, UTF-16, the other way": WIDE.encode("utf-16-be"),
    "no-break blanks": f"{PERSON[:6]}\u00a0{PERSON[6:14]}\u00a0{PERSON[14:]}",
    "no-break blanks, HTML": f"{PERSON[:6]}&nbsp;{PERSON[6:14]}&nbsp;{PERSON[14:]}",
    "beside hexadecimal letters": f"abcdefabcdefab{ANOTHER}",
    "beside as many as a digest has": "abcdef" * 5 + ANOTHER + "abcdefabcdefabcd",
    "before hexadecimal digits": f"{ANOTHER}a0b1c2d3e4f5a6",
    "second part of a gzip": gzip.compress(b"nothing") + gzip.compress(PERSON.encode()),
    "bzip2": bz2.compress(b"nothing") + bz2.compress(PERSON.encode()),
    "xz": lzma.compress(f"{PERSON} ".encode() * 9),
    "archive behind a program": b"#!/bin/sh\nexit 0\n" + archive(PERSON),
}
CARD_SPELT = {
    "text": f"PAN {CARD}",
    "grouped": "9999 9900 0000 0006",
    "hyphens": "9999-9900-0000-0006",
    "a real issuer's, 19 digits": "6228480402564890018",
    "a number of times": '{"counted":6228480402564890018}',
    "JSON number": f'{{"pan":{CARD}}}',
    "chip": f"7081985a08{CARD}5f24",
    "track": f"5713{CARD}d25122010000000000f",
    "hex": CARD.encode().hex(),
    "and its month": f"{CARD} 2912",
    "and its month, as printed": f"{CARD} 12/27",
    "and a day": f"{CARD} 2026-11-28",
    "behind a time": f"2026-11-28 00:00:01 {CARD} 3 tries",
    "and a hyphen": f"{CARD}-1",
    "and a stop": f"{CARD}.1",
    "groups and their month": f"{GROUPS} 2912",
    "groups and their month, as printed": f"{GROUPS} 12/27",
    "groups and a day": f"{GROUPS} 2026-11-28",
    "groups behind a word": f"card {GROUPS}",
    "groups behind a digit": f"card 1 {GROUPS}",
    "groups behind a year": f"2026 {GROUPS}",
    "groups with hyphens behind a digit": f"1-{GROUPS.replace(' ', '-')}",
    "groups of 19 digits": "6228 4804 0256 4890 018",
    "groups, the first of six": "622848 0402 5648 9009",
    "no-break blanks": GROUPS.replace(" ", "\u00a0"),
    "no-break blanks, JSON": GROUPS.replace(" ", "\\u00a0"),
    "chip, bytes": bytes.fromhex(f"00015a08{CARD}ff"),
    "chip, 19 digits": "5a0a6228480402564890018f",
    "track, bytes": bytes.fromhex(f"5713{CARD}d251220100000000000f"),
    "chip, in an odd run": f"75a08{CARD}5f24",
}
KEYS = {
    "PEM": key(Encoding.PEM, PrivateFormat.PKCS8),
    "PEM in JSON": json.dumps({"x": key(Encoding.PEM, PrivateFormat.TraditionalOpenSSL).decode()}),
    "PEM in base64": b"a" + base64.b64encode(b"ab" + key(Encoding.PEM, PrivateFormat.PKCS8)),
    "DER": key(Encoding.DER, PrivateFormat.PKCS8),
    "DER, RFC 5915": b"\0" + key(Encoding.DER, PrivateFormat.TraditionalOpenSSL),
    "DER in hex": key(Encoding.DER, PrivateFormat.PKCS8).hex(),
    "DER in base64": base64.b64encode(b"abcd" + key(Encoding.DER, PrivateFormat.PKCS8)),
    "named": '"app_secret": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"',
    "DER, enciphered": enciphered(Encoding.DER),
    "DER, enciphered, in hex": enciphered(Encoding.DER).hex(),
    "PEM, enciphered": enciphered(Encoding.PEM),
    "named in Chinese": "密码：0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "named in GBK": "密钥：0f1e2d3c4b5a69788796a5b4c3d2e1f0".encode("gb18030"),
    "named by its use": '"enc_key": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"',
    "named by its cipher": "sm4_key=0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "JWK": '{"kty":"EC","crv":"P-256","x":"...","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}',
    "named in hex": b'{"master_key":"0f1e2d3c4b5a69788796a5b4c3d2e1f0"}'.hex(),
}
PLANTED = [
    *(("identity number", how, value) for how, value in PERSON_SPELT.items()),
    *(("bank card number", how, value) for how, value in CARD_SPELT.items()),
    *(("private key", how, value) for how, value in KEYS.items()),
]
PACKERS = (gzip.compress, bz2.compress, lzma.compress)
HARMLESS = {
    "wrong check character": "439900199003077071 9999990000000009",
    "no such day": "439900199002306630",
    "masked": "439900********663X 999999******0008",
    "times": '{"t_ns":4012888888881881,"begin":6228480402564890018} 20261128000140123 1764288000123456789',
    "fractions": "0.4012888888881881 M .4012888888881881",
    "digest": "sm3: 0ab4012888888881881cd" + "e" * 43,
    "wire": '{"channel":"scanner","hex":"4012888888881881"}',
    "codes shown": '{"shows":["DataMatrix:ff","structured append QRCode:4012888888881881"]}',
    "digest that holds a birthday": "0a1b2c3d4e5f6a7b8c9d0e1f" + "a" + ANOTHER + "b" + "0a1b2c3d4e5f6a7b8c9d",
    "wire, as a chip would tell it": f'{{"hex":"75a08{CARD}5f245"}}',
    "track without its month": f"5713{CARD}d25990000000000f",
    "UUID": "0000abcd-4012-8888-8888-1881abcdefab",
    "digits escaped, no number": "".join(f"&#{ord(c)};" for c in "439900199003077071"),
    "public key": '{"kty":"EC","x":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}',
    "d of no key": '{"d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}',
    "no issuer's": "4012888888881881003 7712888888888882 98765432109876544",
    "glyphs": "[<4012888888881881>-5<0a4012888888881881>]TJ",
    "word in hex": '{"shows":["QRCode:4538373231444443"]}',
    "identifier": "00000000-4012-8888-8888-188100000000",
    "certificate": "-----BEGIN CERTIFICATE-----",
    "digest that begins like a picture": "ffd8ff" + "e0" * 29 + " 1f8b" + "08" * 30,
    "zeros": "0000000000000000 9999999999999999",
    "named otherwise": '{"secret":"of-the-terminal-under-test","app_secret":"\u2022\u2022\u2022"}',
    "words": "the private key: kept in a token; the password is asked for",
}


@pytest.mark.parametrize(("kind", "how", "value"), PLANTED, ids=[f"{kind}-{how}" for kind, how, _ in PLANTED])
def test_planted_value_is_found_and_not_told(kind, how, value, tmp_path, capsys):
    file = tmp_path / "written"
    file.write_bytes(value.encode() if isinstance(value, str) else value)
    assert kind in {one.kind for one in scan(tmp_path)}
    assert main(["report", "scan", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert str(file) in said
    assert kind in said
    assert PERSON[:14] not in said
    assert CARD not in said


@pytest.mark.parametrize("what", HARMLESS)
def test_what_only_resembles_a_number_is_left_alone(what, tmp_path, capsys):
    (tmp_path / "written").write_text(HARMLESS[what], encoding="utf-8")
    assert scan(tmp_path) == ()
    assert main(["report", "scan", str(tmp_path)]) == 0
    assert "nothing in clear" in capsys.readouterr().out


def test_place_is_told_by_line_by_page_and_by_member(tmp_path):
    (tmp_path / "a.jsonl").write_text(f'{{}}\n{{"hex":"{(b"0" * 20 + b" " + ANOTHER.encode()).hex()}"}}\n')
    (tmp_path / "b.pdf").write_bytes(document(f"#pagebreak() {ANOTHER}"))
    (tmp_path / "c.zip").write_bytes(archive(f"\n\n{ANOTHER}"))
    (tmp_path / f"{ANOTHER}.txt").touch()
    told = [str(one) for one in scan(tmp_path)]
    assert "a.jsonl: line 2: identity number, in hex" in told
    assert "b.pdf: page 2, line 1: identity number" in told
    assert "c.zip!run/journal.jsonl: line 3: identity number" in told
    assert f"{ANOTHER}.txt: its name: identity number" in told


def test_secret_that_is_known_is_found_in_every_coat(tmp_path, capsys):
    secret, secrets = "correct horse battery", tmp_path / "secrets"
    secrets.write_text(secret + "\n")
    folder = tmp_path / "run"
    folder.mkdir()
    for number, value in enumerate((secret.encode(), secret.encode().hex().encode(), picture(secret))):
        (folder / "out").write_bytes(value)
        assert main(["report", "scan", str(folder)]) == 0, number
        assert main(["report", "scan", str(folder), "--secrets", str(secrets)]) == 1, number
    assert secret not in capsys.readouterr().out
    secrets.write_text("short\n")
    assert main(["report", "scan", str(folder), "--secrets", str(secrets)]) == 4
    assert "line 1 is too short" in capsys.readouterr().err


def test_link_is_no_file_of_the_folder(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "elsewhere").write_text(PERSON)
    (tmp_path / "run" / "link").symlink_to(tmp_path / "elsewhere")
    assert scan(tmp_path / "run") == ()


@pytest.mark.parametrize("head", [b"PK\x03\x04", b"\x1f\x8b", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n"])
def test_file_that_cannot_be_searched_is_a_finding(head, tmp_path):
    (tmp_path / "spoilt").write_bytes(head + b"spoilt" * 9)
    assert [one.kind for one in scan(tmp_path)] == ["cannot be searched"]


def test_damaged_files_are_findings_and_never_a_crash(tmp_path):
    chance = Random(3)
    for whole in (document("x"), picture("x", "y"), archive("x" * 99), *(pack(b"x" * 99) for pack in PACKERS)):
        for _ in range(10):
            spoilt = bytearray(whole)
            for place in chance.sample(range(8, len(spoilt)), 3):
                spoilt[place] = chance.randrange(256)
            (tmp_path / "spoilt").write_bytes(spoilt)
            assert {one.kind for one in scan(tmp_path)} <= {"cannot be searched"}


def test_pipes_and_devices_are_told_and_not_waited_for(tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe")
    for path, told in ((tmp_path, "pipe"), (tmp_path / "pipe", "pipe"), (Path("/dev/zero"), "zero")):
        assert [(one.file, one.kind) for one in scan(path)] == [(told, "cannot be searched")]
        assert main(["report", "scan", str(path)]) == 1


def test_names_that_are_no_text_are_searched_and_told_by_escapes(tmp_path, capsys):
    (tmp_path / os.fsdecode(b"\xff43990019900307707X")).write_bytes(b"")
    assert main(["report", "scan", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "\\udcff" in out
    assert "its name: identity number" in out


def test_what_is_nested_too_deep_is_a_finding_of_its_own(tmp_path, capsys):
    nested = b"nothing"
    for _ in range(4):
        nested = archive(nested)
    (tmp_path / "nested.zip").write_bytes(nested)
    assert {one.kind for one in scan(tmp_path)} == {"not looked into"}
    assert main(["report", "scan", str(tmp_path)]) == 1
    assert "not looked into: nested too deep" in capsys.readouterr().out


@pytest.mark.parametrize("head", [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x28\xb5\x2f\xfd"])
def test_archive_nobody_can_open_here_is_a_finding(head, tmp_path):
    (tmp_path / "packed").write_bytes(head + b"anything" * 9)
    assert [one.kind for one in scan(tmp_path)] == ["cannot be searched"]


def test_random_frames_raise_no_alarm(tmp_path):
    chance = Random(11)
    frames = (chance.randbytes(chance.randint(16, 64)).hex() for _ in range(10_000))
    (tmp_path / "journal.jsonl").write_text("".join(f'{{"hex":"{frame}"}}\n' for frame in frames))
    assert scan(tmp_path) == ()


def test_path_that_is_not_there_is_wrong_input(tmp_path, capsys):
    assert main(["report", "scan", str(tmp_path / "run")]) == 4
    assert "there is no such file or folder" in capsys.readouterr().err


def test_hex_with_a_digit_too_many_is_read_from_either_end():
    written = PERSON.encode().hex()
    for text in (f"a{written}", f"{written}a"):
        assert any(PERSON.encode() in read.content for read in written_bytes(text.encode()))


def test_many_runs_are_looked_through_in_batches_and_told_by_their_own_line(tmp_path, monkeypatch):
    monkeypatch.setattr("evidence.written_bytes._MOST", 1 << 10)
    lines = [(n.to_bytes(4, "big") * 8).hex() for n in range(600)]
    lines[571] = PERSON.encode().hex()
    (tmp_path / "journal").write_text("\n".join(lines))
    assert sum(1 for _ in written_bytes((tmp_path / "journal").read_bytes())) > 2
    assert [str(one) for one in scan(tmp_path)] == ["journal: line 572: identity number, in hex"]


def test_nothing_is_signed_over_what_nobody_looked_into(tmp_path):
    nested = b"nothing"
    for _ in range(4):
        nested = archive(nested)
    (tmp_path / "nested.zip").write_bytes(nested)
    with pytest.raises(PlanError, match="not looked into: nested too deep"):
        require_nothing_in_clear(tmp_path)
