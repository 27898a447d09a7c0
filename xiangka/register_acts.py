"""The work of ``xiangka register`` that adds to a register."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from certification.catalogue import Text
from certification.certificates import Act, Certificate
from certification.errors import PlanError
from certification.exit_codes import ExitCode
from evidence.keys.specimen import ORGANISATION
from register import acting
from register.acting import Done, Hand
from register.authorisers import demand_authoriser
from register.book import make_book
from register.engine import shown_place
from register.files import write_files
from register.lines import Opening
from xiangka.key_secret import open_keys
from xiangka.register_commands import FIRST_REASON, FIRST_REASON_EN
from xiangka.register_opening import now, open_book, place_of

LONGEST_URL = 120
"""Characters of a listing's address; with more, the modules of its codes become too small for a stamp-sized print."""


def init(options: argparse.Namespace) -> int:
    """Make a register."""
    place, url = place_of(options), _url(options.url)
    signer = open_keys(options.keys, options.password_file)
    demand_authoriser(signer)
    if signer.holder.organisation == ORGANISATION and not options.specimen:
        raise PlanError(
            "SPECIMEN keys keep a register of specimens only", where=str(options.keys), remedy="add --specimen"
        )
    name = Text(zh=options.name, en=options.name_en or options.name)
    opening = Opening(name, options.specimen, url, signer.centre.decode(), now(), signer.name)
    make_book(place, opening, signer)
    kind = "样本登记簿 register of SPECIMENS" if options.specimen else "登记簿 register"
    print(f"{kind}: {shown_place(place)}, {url}")
    return int(ExitCode.PASSED)


def issue(options: argparse.Namespace) -> int:
    """Issue a certificate."""
    with open_book(options) as book:
        done = acting.issue(book, options.runs[0], _hand(options), options.until)
    return _told(done, options)


def renew(options: argparse.Namespace) -> int:
    """Renew a certificate."""
    with open_book(options) as book:
        before = acting.find(book.read(), options.number)
        done = acting.renew(book, options.number, options.runs, _hand(options), options.until)
    kept = {one.firmware_sha256 for one in done.certificate.wording.shown}
    for one in before.wording.shown:
        if one.firmware_sha256 not in kept:
            print(f"不再覆盖 covered no longer: {one.firmware} {one.firmware_sha256}")
    return _told(done, options)


def amend(options: argparse.Namespace) -> int:
    """Amend a certificate."""
    correct = _corrections(options.correct)
    with open_book(options) as book:
        done = acting.amend(book, options.number, _hand(options), runs=options.runs, drop=options.drop, correct=correct)
    return _told(done, options)


def set_standing(options: argparse.Namespace) -> int:
    """Suspend, reinstate or withdraw a certificate."""
    hand = _hand(options)
    with open_book(options) as book:
        certificate = acting.set_standing(book, Act(options.act), options.number, hand)
    print(_line(certificate, hand))
    return int(ExitCode.PASSED)


def _hand(options: argparse.Namespace) -> Hand:
    english = FIRST_REASON_EN if options.reason == FIRST_REASON else options.reason
    why = Text(zh=options.reason, en=options.reason_en or english)
    if not why.zh.strip():
        raise PlanError("is empty", where="--reason", remedy="say why")
    return Hand(open_keys(options.keys, options.password_file), now(), why, options.after_pause)


def _told(done: Done, options: argparse.Namespace) -> int:
    folder: Path = options.out or _run_folder(options) or Path()
    try:
        write_files(folder, done.documents)
    except OSError as error:
        raise PlanError(
            f"the certificate is registered, and cannot be written here ({error.strerror})",
            where=str(folder),
            remedy=f"write it elsewhere: xiangka register show {done.certificate.number} --documents DIR",
        ) from error
    print(_line(done.certificate, None))
    for name in done.documents:
        print(f"  {folder / name}")
    return int(ExitCode.PASSED)


def _run_folder(options: argparse.Namespace) -> Path | None:
    """The folder of the newest run given: a certificate is signed and may be added to it."""
    runs: list[Path] = options.runs
    return runs[-1] if runs else None


def _line(certificate: Certificate, hand: Hand | None) -> str:
    standing = certificate.standing(hand.day if hand else now().date())
    wording = certificate.wording
    return f"{certificate.number}: {standing}, edition {wording.edition}, valid to {wording.expires}"


def _corrections(given: list[str]) -> Mapping[str, str]:
    found = {}
    for one in given:
        field, equals, text = one.partition("=")
        if not equals or not text.strip():
            raise PlanError(f"{one!r} is no correction", where="--correct", remedy="write FIELD=TEXT")
        found[field.strip()] = text.strip()
    return found


def _url(text: str) -> str:
    parts = urlsplit(text)
    plain = text.isascii() and text.isprintable() and " " not in text and len(text) <= LONGEST_URL
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment or not plain:
        raise PlanError(
            f"{text!r} is no address a listing can be published under",
            where="--url",
            remedy=f"write https://HOST/PATH, plain ASCII, {LONGEST_URL} characters at most",
        )
    return text.rstrip("/")
