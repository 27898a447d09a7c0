"""The stand-in for the national platform, beside a platform of this machine, which has the key of the link."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import msgspec

from certification.exit_codes import ExitCode
from reference_impl.door.national_stand_in import NationalStandIn
from reference_impl.door.opening import clock_of
from reference_impl.door.options import CREDENTIALS_FILE, PlatformOptions
from reference_impl.door.reading import open_for_reading
from reference_impl.errors import PlatformError
from reference_impl.records.national_link import (
    NATION,
    PLATFORM_QUERY_PATH,
    ForeignCard,
    HttpNationalLink,
    LinkDownError,
    NotTakenError,
)
from xiangka.stand_in_serving import print_line, serve_stand_in


def serve_nation(options: PlatformOptions, port: int, cards: Path | None) -> int:
    """Serve on this machine until SIGTERM or Ctrl-C; every event that is taken is printed as one line of JSON.

    The key of the link is read once: after a rotation of ``national-link`` it is started anew.

    Raises:
        PlatformError: there is no platform whose link this could be, the cards cannot be read, or the port is taken.
    """
    with open_for_reading(options) as reading:
        keys = reading.keyring.national_link.keys
    stand_in = NationalStandIn(keys, clock_of(options), known_cards(cards), on_event=print_line)
    return serve_stand_in(stand_in.app(), port)


def ask_platform(options: PlatformOptions, card_id: str) -> int:
    """Ask the served platform once whose card this is, as the national platform may, and print what it tells.

    Raises:
        PlatformError: there is no platform, or its answer cannot be believed.
    """
    with open_for_reading(options) as reading:
        keys = reading.keyring.national_link
    url = _served_at(options)

    async def asked() -> ForeignCard | None:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            link = HttpNationalLink(client, lambda: keys, clock_of(options), PLATFORM_QUERY_PATH, NATION)
            return await link.resolve(card_id)

    try:
        card = asyncio.run(asked())
    except (LinkDownError, NotTakenError) as error:
        raise PlatformError(
            f"the platform gave no answer that can be believed ({error})",
            where=f"{url}{PLATFORM_QUERY_PATH}",
            remedy="serve it with --national URL, and ask for a card id of 64 characters, 0-9 and A-F",
        ) from error
    print_line({"known": card is not None, **({} if card is None else msgspec.to_builtins(card))})
    return int(ExitCode.PASSED if card is not None else ExitCode.FAILED)


def _served_at(options: PlatformOptions) -> str:
    file = options.data_dir / CREDENTIALS_FILE
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["url"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PlatformError(
            "nothing tells where the platform is served", where=str(file), remedy="serve it once with --national URL"
        ) from error


def known_cards(file: Path | None) -> dict[str, ForeignCard]:
    """Return the cards of a file by their ids; none without a file.

    Raises:
        PlatformError: the file cannot be read or holds something else.
    """
    if file is None:
        return {}
    try:
        return {card.card_id: card for card in msgspec.json.decode(file.read_bytes(), type=list[ForeignCard])}
    except (OSError, msgspec.DecodeError) as error:
        raise PlatformError(
            "the cards of other provinces cannot be read",
            where=f"--cards {file}",
            remedy='give a JSON list of {"card_id", "province", "name", "gender", "birthday"}, all texts',
        ) from error
