"""Signs that somebody is about to run the reference platform where real people are served; each of them ends the start.

The platform serves synthetic people with keys of its own making. It must never stand where it could be taken for the
province's, so whatever is marked as production is refused, rather than trusting that nobody meant it.
"""

from __future__ import annotations

import re
from pathlib import Path

from cryptography import x509
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from reference_impl.door.options import PlatformOptions
from reference_impl.errors import PlatformError

_MARK = re.compile(r"(?:^|[^a-z])(?:prod(?:uction)?|live)(?:[^a-z]|$)|生产|正式", re.IGNORECASE)
_TEST = re.compile(r"(?:^|[^a-z])(?:test|localhost)(?:[^a-z]|$)|模拟|测试", re.IGNORECASE)


def refuse_production(options: PlatformOptions) -> None:
    """Refuse options that point at a production deployment.

    Raises:
        PlatformError: a folder, file, database or key token is named like production's, or the certificate's subject
            does not say that it is for tests.
    """
    for what, name in _names(options):
        if _MARK.search(name):
            raise PlatformError(
                f"{what} is named like one of a production deployment",
                # Before the last @ of an address may stand a password, which is not to be repeated.
                where=name.rpartition("@")[2] if "://" in name else name,
                remedy="this platform serves synthetic people only: give it data, keys and a database of its own",
            )
    if options.tls is not None:
        _refuse_real_subject(options.tls.certificate)


def _names(options: PlatformOptions) -> list[tuple[str, str]]:
    named = [("the data folder", part) for part in options.data_dir.absolute().parts]
    if options.database_url is not None:
        try:
            url = make_url(options.database_url)
        except (ArgumentError, ValueError):
            # What is no URL is told by whoever opens the database.
            return named
        # Of a password with an @ in it the end is taken for a part of the host.
        host = None if url.host is None else url.host.rpartition("@")[2]
        parts = (host, url.database, url.username)
        named += [("the database", Path(part).name if part else "") for part in parts]
    if options.hsm is not None:
        named += [("the key token", options.hsm.token), ("the root key", options.hsm.key)]
    if options.national is not None:
        named.append(("the national platform", options.national))
    if options.real_name is not None:
        named.append(("the register of persons", options.real_name))
    if options.tls is not None:
        named.append(("the key file", options.tls.key.name))
    return named


def _refuse_real_subject(certificate: Path) -> None:
    try:
        subject = x509.load_pem_x509_certificate(certificate.read_bytes()).subject.rfc4514_string()
    except (OSError, ValueError):
        # What cannot be read is told by whoever loads it to serve with.
        return
    if not _TEST.search(subject):
        raise PlatformError(
            "the certificate's subject does not say that it is for tests",
            where=f"{certificate} ({subject})",
            remedy="make a certificate whose subject holds the word TEST",
        )
