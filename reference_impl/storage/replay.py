"""Requests already received: the dialect has no nonce, so the digest of an authentic request serves as one."""

from __future__ import annotations

from sqlalchemy import Connection, delete

from reference_impl.refusals import REPLAYED_REQUEST, RefusalError
from reference_impl.storage.schema import SEEN_DIGESTS, unless_held

_REMEMBER = unless_held(SEEN_DIGESTS)


def refuse_replay(connection: Connection, digest: str, expires_ms: int) -> None:
    """Remember ``digest`` until its timestamp is too old to be accepted anyway.

    Raises:
        RefusalError: it is remembered already.
    """
    if not connection.execute(_REMEMBER, {"digest": digest, "expires_ms": expires_ms}).rowcount:
        raise RefusalError(REPLAYED_REQUEST)


def forget_expired(connection: Connection, now_ms: int) -> None:
    """Drop the digests whose timestamp alone would now refuse them."""
    connection.execute(delete(SEEN_DIGESTS).where(SEEN_DIGESTS.c.expires_ms < now_ms))
