"""What a bench is given: the address, the first application's credentials, and the tokens of our own API.

The platform keeps only digests of the tokens, so they stand in ``credentials.json`` of the data folder from the moment
they are made, and go from there into whatever other file is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection

from reference_impl.access.credentials_file import write_credentials
from reference_impl.clock import now_ms
from reference_impl.door.access_tokens import holder, make_tokens, read_subjects
from reference_impl.door.options import CREDENTIALS_FILE, PlatformOptions
from reference_impl.platform import Platform

_OFFICERS = ("officer-a", "officer-b")


def hand_out(platform: Platform, options: PlatformOptions, url: str, *, renew: bool = False) -> Path:
    """Write the credentials, making tokens if there are none yet or ``renew`` asks for new ones; return the file.

    Raises:
        PlatformError: a file cannot be written; no token was made then.
    """
    own = options.data_dir / CREDENTIALS_FILE
    with platform.readers.connect() as connection:
        subjects = read_subjects(connection)
    kept = {} if renew else _kept_tokens(own)
    tokens = {name: token for name, token in kept.items() if (known := holder(subjects, token)) and known.name == name}
    if not subjects or renew:

        def job(connection: Connection) -> None:
            # Written before they are valid: whatever stops between, no valid token is unknown to everybody.
            made = make_tokens(connection, platform.parts.random, now_ms(platform.clock))
            write_credentials(own, _document(platform, url, made))
            tokens.update(made)

        platform.run(job)
    files = [own, *([options.credentials_file] if options.credentials_file else [])]
    for file in files:
        write_credentials(file, _document(platform, url, tokens))
    return files[-1]


def _document(platform: Platform, url: str, tokens: Mapping[str, str]) -> dict[str, object]:
    first = platform.credentials
    account = platform.accounts.find(first.app_id)
    assert account is not None  # noqa: S101 - the first application was read when the platform was opened
    document: dict[str, object] = {
        "url": url,
        "dialect": account.dialect,
        "app_id": first.app_id,
        "app_secret": first.app_secret,
        "term_id": first.term_id,
        "terminals": sorted(account.terminals),
    }
    for name in ("admin", "auditor"):
        if name in tokens:
            document[f"{name}_token"] = tokens[name]
    if officers := [tokens[name] for name in _OFFICERS if name in tokens]:
        document["officer_tokens"] = officers
    return document


def _kept_tokens(file: Path) -> dict[str, str]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        named = {name: document[f"{name}_token"] for name in ("admin", "auditor") if f"{name}_token" in document}
        named |= dict(zip(_OFFICERS, document.get("officer_tokens", ()), strict=False))
        return {name: token for name, token in named.items() if isinstance(token, str)}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
