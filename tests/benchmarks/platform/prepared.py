"""Who asks, and what: an application of each dialect under test, and the requests it sends."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import select

from reference_impl.access import applications, terminals
from reference_impl.access.applications import Application
from reference_impl.access.first_institution import ORG_CODE
from reference_impl.access.scopes import SCOPES
from reference_impl.access.standing import Act, Standing
from reference_impl.access.terminals import Terminal
from reference_impl.codes.tokens import issue
from reference_impl.entropy import system_entropy
from reference_impl.platform import Platform, close_now, open_platform, token_keys
from reference_impl.storage.schema import CARDS
from reference_impl.wire import sm2
from reference_impl.wire.exchange import Client, Credentials
from reference_impl.wire.payload import DYNAMIC, build
from reference_impl.wire.registry import Caller, client
from tests.benchmarks.platform.load import Bodies

VERIFY = "ehc.ehealthcode.verify"
TERMINAL = "439900B01"
_PLACE = {"medstepcode": "010101", "channelcode": "0100", "terminalcode": "window-1"}
_SPREAD = 50_000
"""So many different cards are asked about, spread over all there are."""
_PER_MS = 40
"""Requests stamped with one millisecond, faster than any of the servers here answers."""


@dataclass(frozen=True)
class Data:
    """A seeded platform: its folder, and its database where that stands elsewhere."""

    folder: Path
    database_url: str | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """What every command on it is told."""
        return ("--database", self.database_url) if self.database_url else ()

    def open(self) -> Platform:
        """Open it in this process; to be closed before it is served."""
        return open_platform(self.folder, database_url=self.database_url)


@dataclass(frozen=True)
class Asker:
    """An application enrolled for one dialect, and what its accepted answers contain."""

    credentials: Credentials
    dialect: str
    client: Client
    mark: str


def enrol(data: Data, dialect: str, mark: str) -> Asker:
    """Enrol an application with one terminal."""
    pair = sm2.generate(system_entropy)
    key = pair.public if dialect == "hn-s" else None
    act = Act("benchmark", int(time.time() * 1000), "benchmark")
    platform = data.open()

    def job(connection):
        wanted = Application("", ORG_CODE, "benchmark", dialect, SCOPES, key, Standing.AUTHORISED)
        made = applications.create(connection, platform.parts.keyring, wanted, system_entropy, act)
        terminal = Terminal(
            made.application.app_id, TERMINAL, "01", f"B-{made.application.app_id}", "none", Standing.AUTHORISED
        )
        terminals.create(connection, terminal, act)
        return made

    made = platform.run(job)
    signing = platform.parts.keyring.signing.public
    close_now(platform)
    credentials = Credentials(made.application.app_id, made.secret, TERMINAL)
    return Asker(
        credentials, dialect, client(dialect, Caller(credentials, system_entropy, pair.private, signing)), mark
    )


def write_bodies(data: Data, asker: Asker, count: int, file: Path) -> Bodies:
    """Write ``count`` requests to verify one dynamic code each, no two alike, all of them good for five minutes."""
    platform = data.open()
    cards = _card_ids(platform)
    keys = token_keys(platform.parts.keyring)
    close_now(platform)
    begun_ms = int(time.time() * 1000)
    path = content_type = ""
    with file.open("wb") as out:
        for number in range(count):
            card_id = cards[number * 7919 % len(cards)]
            # Codes are fetched before they are shown, and shown before they are sent.
            [token] = issue(keys, card_id, begun_ms - 50 + number // _PER_MS, system_entropy)
            question = {"ehealth_code": build(card_id, DYNAMIC, token=token), **_PLACE}
            http = asker.client.seal_call(VERIFY, question, begun_ms + number // _PER_MS).http
            path, content_type = http.path, http.content_type
            out.write(http.body + b"\n")
    return Bodies(file, path, asker.mark, content_type)


def write_naive_facts(data: Data, asker: Asker, file: Path) -> None:
    """Write what the peer needs to know of the platform."""
    platform = data.open()
    keys = token_keys(platform.parts.keyring)
    close_now(platform)
    facts = {
        "app_secret": asker.credentials.app_secret,
        "token_key": keys.keys[keys.newest].hex(),
        "database": str(data.folder / "platform.sqlite"),
    }
    file.write_text(json.dumps(facts))


def _card_ids(platform: Platform) -> list[str]:
    with platform.readers.connect() as connection:
        newest = connection.scalar(select(CARDS.c.card_no).order_by(CARDS.c.card_no.desc()).limit(1))
        step = max(1, newest // _SPREAD)
        chosen = select(CARDS.c.card_id).where(CARDS.c.card_no % step == 0)
        return [card_id.hex().upper() for card_id in islice(connection.scalars(chosen), _SPREAD)]
