"""The stand-in for the national platform, served beside a platform of this machine, which has the key of the link."""

from __future__ import annotations

from pathlib import Path

import msgspec

from reference_impl.door.national_stand_in import NationalStandIn
from reference_impl.door.opening import clock_of
from reference_impl.door.options import PlatformOptions
from reference_impl.door.reading import open_for_reading
from reference_impl.errors import PlatformError
from reference_impl.records.national_link import ForeignCard
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
