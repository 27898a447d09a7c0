"""The work of ``xiangka keys request``, ``issue`` and ``accept``: certificates for keys that stay with their signer."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from certification.errors import PlanError
from certification.exit_codes import ExitCode
from evidence.errors import SignatureError
from evidence.keys.folder import CENTRE_FILE, write_new
from evidence.keys.requests import REQUEST, accept, answer, make_request, read_request
from evidence.signer_certificates import Centre
from xiangka.key_secret import open_keys
from xiangka.keys_making import holder_of, keys_of, validity_of, writable


def new_request(options: argparse.Namespace) -> int:
    """Make a signer's keys and his request."""
    folder: Path = options.folder
    with writable(folder):
        place = make_request(folder, holder_of(options), keys_of(options))
    print(f"Send {place} to the centre, and tell it so yourself: it cannot see who wrote it")
    return int(ExitCode.PASSED)


def answer_request(options: argparse.Namespace) -> int:
    """Give certificates to who asks for them."""
    out: Path = options.out
    if out.exists() or out.is_symlink():
        raise PlanError("exists already", where=str(out), remedy="name a file that is not there yet")
    validity = validity_of(options)
    try:
        request = read_request(_content(options.request))
    except SignatureError as error:
        raise error.at(options.request) from error
    centre = open_keys(options.centre, options.password_file)
    with writable(out):
        write_new(out.parent, {out.name: answer(request, validity, centre)})
    holder = request.holder
    print(f"{out}: certificates of {holder.name} ({holder.role}) of {holder.organisation}, to {validity.end:%Y-%m-%d}")
    return int(ExitCode.PASSED)


def accept_answer(folder: Path, file: Path) -> int:
    """Put the centre's answer to a request where it belongs."""
    if not (folder / REQUEST).is_file():
        raise PlanError("has no request", where=str(folder), remedy="name a folder made by xiangka keys request")
    with writable(folder):
        try:
            certificate = accept(folder, _content(file), datetime.now(UTC))
        except SignatureError as error:
            raise error.at(file) from error
    for root in Centre((folder / CENTRE_FILE).read_bytes()).roots:
        print(f"Centre: {root.holder.name}, SM3 {root.sm3}; ask the centre whether that is its own")
    print(f"{certificate.holder.name} ({certificate.holder.role}) may sign until {certificate.validity.end:%Y-%m-%d}")
    return int(ExitCode.PASSED)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise PlanError(
            f"cannot be read ({error.strerror})", where=str(file), remedy="name a file that is there"
        ) from error
