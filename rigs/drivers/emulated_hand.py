"""The hand at an emulated terminal: puts card images in and takes them away over the emulator's control socket."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from rigs.card_images import to_json
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.roles.cards import Hand, Placed

CHANNEL = "hand"
DEADLINE_S = 20.0


class EmulatedHand(Hand):
    """A hand that does at once what it is told. The journal knows where it put something, never what.

    Args:
        control: the emulator's control socket.
        journal: the journal.

    Raises:
        RigError: nothing listens there.
    """

    prompt = True

    def __init__(self, control: Path, journal: Journal) -> None:
        self._journal = journal
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(DEADLINE_S)
        try:
            self._socket.connect(str(control))
        except OSError as error:
            raise _gone(error) from error
        self._answers = self._socket.makefile("rb")

    def put(self, *media: Placed) -> None:
        """Put media in, together."""
        self._tell({"do": "put", "media": [{"place": one.place, "image": to_json(one.image)} for one in media]})
        self._journal.event(CHANNEL, "put in", places=[one.place for one in media])

    def take(self) -> None:
        """Take everything away."""
        self._tell({"do": "take"})
        self._journal.event(CHANNEL, "taken away")

    def close(self) -> None:
        """Let go."""
        self._answers.close()
        self._socket.close()

    def _tell(self, order: dict[str, Any]) -> None:
        try:
            self._socket.sendall(json.dumps(order).encode() + b"\n")
            answer = json.loads(self._answers.readline() or b"{}")
        except (OSError, ValueError) as error:
            raise _gone(error) from error
        if not answer.get("ok"):
            raise _gone(answer.get("error", "it hung up"))


def _gone(error: object) -> RigError:
    return RigError(
        f"the emulated terminal does not obey its hand ({error})",
        where=CHANNEL,
        remedy="try it by hand: xiangka emulate card-terminal",
    )
