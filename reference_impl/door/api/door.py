"""What every route of our own API works with: the platform, transactions, the caller's name, the form of a no.

A module of routes offers ``routes(door: ApiDoor) -> APIRouter``. Its paths are written from ``/api/v1`` on, without
that prefix; the application adds it, and with it the security scheme and the statuses every operation may have.
A ``RefusalError`` that leaves a handler becomes a problem by itself (``problems.status_of``).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, TypeVar

from fastapi import Request
from sqlalchemy import Connection

from reference_impl.clock import now_ms
from reference_impl.door.access_tokens import Subject, holder, read_subjects
from reference_impl.door.api.problems import ProblemError, documented
from reference_impl.platform import Platform
from reference_impl.records.audit import Entry, append, detail_text
from reference_impl.refusals import RefusalError
from reference_impl.storage.batch import Job

T = TypeVar("T")


class ApiDoor:
    """The platform as the routes of the API see it.

    Args:
        platform: an open platform; closing it is left to the caller.
    """

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._subjects: tuple[int, tuple[Subject, ...]] = (0, ())

    async def write(self, job: Job[T]) -> T:
        """Do a job in the writer's transaction; its result is durable when it is returned."""
        return await self.platform.writer.submit(job)

    async def change(self, actor: str, op: str, job: Job[T], **detail: object) -> T:
        """Do a job and leave one audit record of it in the same transaction; of a refusal only the record stays.

        Args:
            actor: name of whoever asked.
            op: name of the operation, ``api.…``.
            job: what is done.
            detail: what else the audit says; nothing that tells who a card's holder is.
        """
        entry = Entry(self.now_ms(), op, actor=actor, detail=detail_text({k: str(v) for k, v in detail.items()}))

        def recorded(connection: Connection) -> T | RefusalError:
            try:
                with connection.begin_nested():
                    result = job(connection)
            except RefusalError as refused:
                append(connection, replace(entry, outcome=refused.outcome.code))
                return refused
            append(connection, entry)
            return result

        result = await self.write(recorded)
        if isinstance(result, RefusalError):
            raise result
        return result

    async def read(self, job: Job[T]) -> T:
        """Do a job that only reads, in a thread of its own, beside the writer."""
        return await asyncio.to_thread(self._read, job)

    def actor(self, request: Request, *roles: str) -> str:
        """Return the name of whoever asks, who must hold a token of one of these roles.

        Raises:
            ProblemError: 401 without a token that is known, 403 with one of another role.
        """
        subject = self.subject(request)
        if subject.role not in roles:
            raise ProblemError(403, "forbidden", f"this needs the role {' or '.join(roles)}")
        return subject.name

    def subject(self, request: Request) -> Subject:
        """Return whoever asks, in whatever role.

        Raises:
            ProblemError: 401 without a token that is known.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        subject = holder(self._known(), token.strip()) if scheme.lower() == "bearer" else None
        if subject is None:
            raise ProblemError(401, "unauthenticated", "a known bearer token is needed", {"WWW-Authenticate": "Bearer"})
        return subject

    def now_ms(self) -> int:
        """Return the platform's time, Unix ms."""
        return now_ms(self.platform.clock)

    def problem(self, status: int, code: str, detail: str = "") -> ProblemError:
        """Return a problem to raise; ``code`` is stable, ``detail`` is for people and repeats nothing that was sent."""
        return ProblemError(status, code, detail)

    def problems(self, *statuses: int) -> dict[int | str, dict[str, Any]]:
        """Return the ``responses`` argument of a route that may answer these statuses beside its success.

        400, 401, 403, 413, 422 and 503 are documented for every operation already.
        """
        return documented(*statuses)

    def _read(self, job: Job[T]) -> T:
        with self.platform.readers.connect() as connection:
            return job(connection)

    def _known(self) -> tuple[Subject, ...]:
        epoch_now = self.platform.memory.epoch
        if self._subjects[0] != epoch_now or not self._subjects[1]:
            self._subjects = (epoch_now, self._read(read_subjects))
        return self._subjects[1]
