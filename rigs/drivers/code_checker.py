"""A terminal that checks codes itself, spoken to in lines of JSON over TCP (reconstructed).

Tried on: the project's emulator; no hardware yet.
"""

from __future__ import annotations

import hashlib
import json
import socket
from typing import Any
from urllib.parse import urlsplit

from rigs.errors import RigError
from rigs.journal import Journal
from rigs.masked_words import masked_words
from rigs.roles.security import CheckTold

CHANNEL = "checker"
TIMEOUT_S = 20.0
OUTCOMES = ("accepted", "refused", "error", "nothing")
LONGEST_WORDS = 200
_LONGEST = 1 << 16


class JsonLineChecker:
    """One connection to the terminal.

    Args:
        url: ``socket://host:port``.
        journal: where questions and answers are recorded, a code by its SHA-256.

    Raises:
        RigError: nothing listens there, or its clock cannot be set.
    """

    def __init__(self, url: str, journal: Journal) -> None:
        self._url = url
        self._journal = journal
        parts = urlsplit(url)
        try:
            self._socket = socket.create_connection((parts.hostname or "", parts.port or 0), TIMEOUT_S)
        except (OSError, ValueError) as error:
            raise self._gone(error) from error
        self._lines = self._socket.makefile("rb")
        try:
            self.set_clock(0.0)
        except BaseException:
            self._hang_up()
            raise

    def set_clock(self, ahead_s: float) -> None:
        """Set its clock so far ahead of this machine's, s; negative for behind.

        Raises:
            RigError: the terminal is gone, or does not confirm.
        """
        answer = self._ask({"clock_ahead_s": ahead_s})
        self._journal.event(CHANNEL, "clock set", ahead_s=ahead_s)
        if answer.get("clock_ahead_s") != ahead_s:
            raise RigError(
                f"the terminal at {self._url} does not confirm that its clock was set",
                where=CHANNEL,
                remedy="check that its clock may be set from outside",
            )

    def check(self, code: str) -> CheckTold:
        """Have a code checked; an answer without a known outcome tells nothing.

        The words are kept of an error alone: beside a person's code stands whose it is.

        Raises:
            RigError: the terminal is gone.
        """
        first = self._journal.event(CHANNEL, "asked", code_sha256=hashlib.sha256(code.encode()).hexdigest())
        answer = self._ask({"code": code})
        outcome = str(answer.get("outcome", ""))
        outcome = outcome if outcome in OUTCOMES else "nothing"
        message = masked_words(str(answer.get("message", "")), code)[:LONGEST_WORDS] if outcome == "error" else ""
        last = self._journal.event(CHANNEL, "told", outcome=outcome, message=message)
        return CheckTold(outcome, message, (first, last))

    def close(self) -> None:
        """Set the clock right and hang up."""
        try:
            self.set_clock(0.0)
        except RigError:
            self._journal.event(CHANNEL, "clock left as it was")
        finally:
            self._hang_up()

    def _hang_up(self) -> None:
        self._lines.close()
        self._socket.close()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            self._socket.sendall(json.dumps(question).encode() + b"\n")
            line = self._lines.readline(_LONGEST)
            answer = json.loads(line) if line else None
        except (OSError, ValueError) as error:
            raise self._gone(error) from error
        if not isinstance(answer, dict):
            raise self._gone("no line of JSON came back")
        return answer

    def _gone(self, error: object) -> RigError:
        return RigError(
            f"no answer from the terminal at {self._url} ({error})",
            where=CHANNEL,
            remedy="check its network, and `url` in the bench file",
        )
