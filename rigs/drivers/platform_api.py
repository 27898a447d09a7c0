"""The platform's own interface ``/api/v1``: health, administration, audit, and the clock of a test platform."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from rigs.errors import RigError, SubjectFaultError
from rigs.journal import Journal
from rigs.platform_link import CHANNEL, PlatformLink
from rigs.roles import ApiAnswer, DeviceIdentity

CLOCK = "/api/v1/test/clock"
_HIDDEN = ("app_secret", "secret", "token", "admin_token", "sm2_private")
"""Fields of an answer whose value the journal never holds."""
IDLE_S = 5.0
_LONGEST = 4000
"""Characters of a document the journal keeps; the description of the interface alone has many times as many."""


class PlatformApi:
    """Asks the platform's interface with the bearer token of a role; safe to share between threads.

    The journal holds method, path, status and documents, with neither tokens nor secrets in them.

    Args:
        link: the platform.
        tokens: bearer tokens by role.
        journal: where requests and answers are recorded.
    """

    def __init__(self, link: PlatformLink, tokens: Mapping[str, str], journal: Journal) -> None:
        self._link = link
        self._tokens = tokens
        self._journal = journal
        self.mode = ""
        """Word of the platform for how it runs, such as TEST."""
        self._lock = threading.Lock()
        self._connection = link.connection()
        self._life, self._used_at = link.life, time.monotonic()

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, role: str = "admin") -> ApiAnswer:
        """One request; ``role`` names whose token it carries, "" for none.

        Args:
            method: HTTP method.
            path: absolute path with its query.
            body: JSON document, or None.
            role: admin, auditor, officer, officer2, or "".

        Raises:
            RigError: the bench has no token of that role.
            SubjectFaultError, PlatformStoppedError: no answer.
        """
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if role:
            headers |= self._bearer(role)
        first = self._journal.event(CHANNEL, "asked", method=method, path=path, role=role, body=hidden(body))
        status, said = self._send(method, path, None if body is None else json.dumps(body).encode(), headers, first)
        try:
            content = json.loads(said)
        except ValueError:
            content = said.decode("utf-8", "replace")
        last = self._journal.event(CHANNEL, "answered", status=status, body=hidden(content))
        return ApiAnswer(status, content, (first, last))

    def tell(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, role: str = "admin") -> ApiAnswer:
        """As ``ask``, for what must succeed.

        Raises:
            SubjectFaultError: another status than one of success.
        """
        answer = self.ask(method, path, body, role=role)
        if not answer.ok:
            asked = f"{method} {path.partition('?')[0]}"
            raise SubjectFaultError(f"answered {answer.status} to {asked}", where=CHANNEL, journal=answer.journal)
        return answer

    def identify(self) -> DeviceIdentity:
        """Who the platform says it is, from ``/health`` and the head of its interface description."""
        health = self.ask("GET", "/health", role="").content
        description = self.ask("GET", "/openapi.json", role="").content
        said = {**_object(_object(description).get("info")), **_object(health)}
        self.mode = str(said.get("mode", ""))
        told = {part: str(said[name]) for part, name in _TOLD_AS.items() if said.get(name)}
        return DeviceIdentity(**told)

    def audit_records(self, from_ms: int = 0, to_ms: int | None = None) -> list[dict[str, Any]]:
        """The audit as an auditor reads it, in its order.

        Args:
            from_ms: first moment, Unix ms.
            to_ms: last moment, or None for all there is.

        Raises:
            SubjectFaultError: it is not told, or not one JSON object a line.
        """
        limits = f"from_ms={from_ms}" + ("" if to_ms is None else f"&to_ms={to_ms}")
        answer = self.tell("GET", f"/api/v1/audit?{limits}", role="auditor")
        if isinstance(answer.content, dict):
            return [answer.content]  # one line alone is a document by itself
        try:
            return [json.loads(line) for line in str(answer.content).splitlines() if line]
        except ValueError as error:
            raise SubjectFaultError("told an audit that is not JSON", where=CHANNEL, journal=answer.journal) from error

    @property
    def monitor(self) -> str:
        """Whose token a request for figures carries: one that may see them from another machine, "" without any."""
        return next((role for role in ("auditor", "admin") if role in self._tokens), "")

    @property
    def reads_audit(self) -> bool:
        """Whether the bench may read the audit."""
        return "auditor" in self._tokens

    def audit_lines(self, from_ms: int = 0) -> Iterator[bytes]:
        """The audit from a moment on as an auditor reads it, line by line on a connection of its own: for many records.

        Args:
            from_ms: first moment, Unix ms.

        Raises:
            SubjectFaultError: it is not told, or breaks off.
        """
        path = f"/api/v1/audit?from_ms={from_ms}"
        record = self._journal.event(CHANNEL, "asked", method="GET", path=path, role="auditor", body=None)
        connection, life = self._link.connection(), self._link.life
        try:
            connection.request("GET", f"{self._link.base}{path}", None, self._bearer("auditor"))
            answer = connection.getresponse()
            if answer.status != HTTPStatus.OK:
                raise SubjectFaultError(f"answered {answer.status} to GET /api/v1/audit", where=CHANNEL)
            yield from (line for line in answer if line.strip())
        except (OSError, http.client.HTTPException) as error:
            raise self._link.silence(error, life, (record, record)) from error
        finally:
            connection.close()

    def close(self) -> None:
        """Drop the connection."""
        self._connection.close()

    def _bearer(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token(role)}"}

    def _token(self, role: str) -> str:
        if role not in self._tokens:
            raise RigError(
                f"the credentials hold no token of the role {role!r}",
                where=CHANNEL,
                remedy="add it to the credentials file",
            )
        return self._tokens[role]

    def _send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], record: int
    ) -> tuple[int, bytes]:
        with self._lock:
            if time.monotonic() - self._used_at > IDLE_S or self._life != self._link.life:
                self._connection.close()
            self._used_at, self._life = time.monotonic(), self._link.life
            try:
                self._connection.request(method, f"{self._link.base}{path}", body, headers)
                answer = self._connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                raise self._link.silence(error, self._life, (record, record)) from error


_TOLD_AS = {
    "vendor": "vendor",
    "model": "model",
    "serial": "deployment",
    "hardware": "hardware",
    "firmware": "version",
}
"""Part of the identity to the field a platform tells it in."""


def _object(document: Any) -> dict[str, Any]:
    return document if isinstance(document, dict) else {}


def hidden(document: Any) -> Any:
    """A document for the journal: secrets and tokens are taken out, and what is long is told by its length."""
    shown = _without_secrets(document)
    size = len(json.dumps(shown, ensure_ascii=False))
    return shown if size <= _LONGEST else f"a document of {size} characters"


def _without_secrets(document: Any) -> Any:
    match document:
        case dict():
            return {key: "•••" if key in _HIDDEN else _without_secrets(value) for key, value in document.items()}
        case list() if len(document) > 50:
            return f"{len(document)} entries"
        case list():
            return [_without_secrets(value) for value in document]
        case str() if len(document) > 500:
            return f"{len(document)} characters"
        case _:
            return document


class TurnedClock:
    """The clock of a platform that lets it be turned; all lines of the bench follow.

    Args:
        link: the platform, whose offset is kept.
        api: its interface, with an administrator's token.
    """

    turns = True

    def __init__(self, link: PlatformLink, api: PlatformApi) -> None:
        self._link = link
        self._api = api

    def now_ms(self) -> int:
        """The platform's time as far as the bench knows it, Unix ms."""
        return self._link.now_ms()

    def pass_seconds(self, seconds: float) -> None:
        """Turn the platform's clock forward.

        Raises:
            SubjectFaultError: it does not turn.
        """
        self._follow(self._api.tell("POST", CLOCK, {"advance_s": seconds}))

    def read(self) -> None:
        """Ask the platform for its time, and follow it."""
        self._follow(self._api.tell("GET", CLOCK))

    def resume(self) -> None:
        """Turn the clock of a platform that was started again to where it would be, had it gone on."""
        before_ms = self._link.now_ms()
        self.read()
        if (behind_ms := before_ms - self._link.now_ms()) > 0:
            self.pass_seconds(behind_ms / 1000)

    def _follow(self, answer: ApiAnswer) -> None:
        try:
            now_ms = int(answer.content["now_ms"])
        except (KeyError, TypeError, ValueError) as error:
            raise SubjectFaultError("did not tell its time", where=CHANNEL, journal=answer.journal) from error
        self._link.offset_ms = now_ms - time.time_ns() // 1_000_000


class WallClock:
    """The clock of a platform that cannot be turned: it runs as this machine's, and time is waited for."""

    turns = False

    def now_ms(self) -> int:
        """This machine's time, Unix ms."""
        return time.time_ns() // 1_000_000

    def pass_seconds(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
