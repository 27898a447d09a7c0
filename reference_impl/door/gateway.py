"""The gateway: one request body in, one answer out, in the words of one dialect.

Refusals before the sender proved to know the secret carry no digest; all later answers are sealed for the sender.
"""

from __future__ import annotations

from sqlalchemy import Connection

from reference_impl.access.accounts import Account, find_account, require_good_standing
from reference_impl.clock import Clock, now_ms
from reference_impl.door.methods import Question, Service
from reference_impl.keys.keyring import Keyring
from reference_impl.refusals import (
    BAD_DIGEST,
    MALFORMED_REQUEST,
    OK,
    STALE_TIMESTAMP,
    UNSUPPORTED_PROFILE,
    RefusalError,
)
from reference_impl.storage.replay import forget_expired, refuse_replay
from reference_impl.wire.dialects import Dialect
from reference_impl.wire.envelope import (
    Biz,
    Request,
    claimed_sender,
    open_request,
    seal_response,
    unsealed_refusal,
)
from reference_impl.wire.errors import BadDigestError, StaleTimestampError, UnsupportedError, WireError
from reference_impl.wire.strictjson import read_object

FORGET_EVERY_MS = 60_000


class Gateway:
    """Answers the requests of one dialect; used by one thread at a time, inside a transaction of the caller's."""

    def __init__(self, dialect: Dialect, keyring: Keyring, service: Service, clock: Clock) -> None:
        self._dialect = dialect
        self._keyring = keyring
        self._service = service
        self._clock = clock
        self._forget_at_ms = 0

    def answer(self, connection: Connection, body: bytes) -> dict[str, str]:
        """Return the fields of the answer to one request body, whatever the body is."""
        now = now_ms(self._clock)
        if now >= self._forget_at_ms:
            forget_expired(connection, now)
            self._forget_at_ms = now + FORGET_EVERY_MS
        try:
            envelope = read_object(body, "body")
            account = find_account(connection, self._keyring, claimed_sender(envelope))
            method = str(envelope["method"])
            try:
                request = open_request(self._dialect, account.credentials, envelope, now)
            except StaleTimestampError:
                # Only an authentic request gets as far as its timestamp.
                return self._refuse(account, method, RefusalError(STALE_TIMESTAMP, "timestamp"), now)
        except (WireError, RefusalError) as error:
            refused = error if isinstance(error, RefusalError) else _as_refusal(error)
            return unsealed_refusal(self._dialect, refused.outcome.code, refused.message, now)
        try:
            biz = self._serve(connection, account, request, now)
        except RefusalError as refused:
            return self._refuse(account, method, refused, now)
        return seal_response(
            self._dialect,
            account.credentials,
            method,
            code=self._dialect.success_code,
            message=OK.message(),
            biz=biz,
            timestamp_ms=now,
        )

    def _serve(self, connection: Connection, account: Account, request: Request, now: int) -> Biz:
        refuse_replay(connection, request.digest, request.timestamp_ms + self._dialect.window_s * 1000)
        require_good_standing(account)
        return self._service.answer(Question(connection, request, now))

    def _refuse(self, account: Account, method: str, refused: RefusalError, now: int) -> dict[str, str]:
        return seal_response(
            self._dialect,
            account.credentials,
            method,
            code=refused.outcome.code,
            message=refused.message,
            biz={},
            timestamp_ms=now,
        )


def _as_refusal(error: WireError) -> RefusalError:
    if isinstance(error, BadDigestError):
        return RefusalError(BAD_DIGEST)
    if isinstance(error, UnsupportedError):
        return RefusalError(UNSUPPORTED_PROFILE, error.where)
    return RefusalError(MALFORMED_REQUEST, error.where)
