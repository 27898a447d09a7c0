"""The operations under dual control: replacing the root, and revoking a key."""

from __future__ import annotations

from sqlalchemy import Connection

from reference_impl.entropy import RandomBytes
from reference_impl.errors import PlatformError
from reference_impl.keys.dual_control import KeyRequest, Operation, propose, take_for_approval
from reference_impl.keys.life_cycle import find_key, require_rotatable, revoke
from reference_impl.keys.province import replace_root
from reference_impl.keys.root import RootKey
from reference_impl.refusals import BAD_FIELD, RefusalError


def propose_revocation(
    connection: Connection, purpose: str, version: int, officer: str, now_ms: int, random: RandomBytes, owner: str = ""
) -> KeyRequest:
    """Propose that a version of a key be revoked.

    Raises:
        RefusalError: unknown_key or key_fixed; bad_field: the officer has no name.
    """
    require_rotatable(purpose)
    find_key(connection, purpose, version, now_ms, owner)
    argument = {"purpose": purpose, "version": version, "owner": owner}
    return propose(connection, Operation.REVOKE_KEY, argument, officer, now_ms, random)


def propose_new_root(
    connection: Connection, new_root: RootKey, officer: str, now_ms: int, random: RandomBytes
) -> KeyRequest:
    """Propose that the hierarchy be put under ``new_root``; the approval holds for the root of that mark only.

    Raises:
        RefusalError: bad_field: the officer has no name.
    """
    argument = {"mark": new_root.mark.hex(), "root": new_root.describe()}
    return propose(connection, Operation.REPLACE_ROOT, argument, officer, now_ms, random)


def approve(
    connection: Connection,
    request_id: str,
    officer: str,
    root: RootKey,
    now_ms: int,
    random: RandomBytes,
    new_root: RootKey | None = None,
) -> KeyRequest:
    """Carry out a proposal as its second officer.

    Where the root is replaced, the new one is the successor that waits beside ``root``, unless ``new_root`` names one
    of another kind or place: from a file into an HSM, for instance.

    Raises:
        RefusalError: unknown_key_request, key_request_settled, same_officer, key_request_expired; or what the operation
            itself refuses by now. The caller's transaction must then be rolled back.
        PlatformError: a root cannot be used, or is not the one that was proposed.
    """
    request = take_for_approval(connection, request_id, officer, now_ms)
    match request.operation:
        case Operation.REVOKE_KEY:
            purpose, version, owner = (request.argument[name] for name in ("purpose", "version", "owner"))
            if not (isinstance(purpose, str) and isinstance(version, int) and isinstance(owner, str)):
                raise RefusalError(BAD_FIELD, "argument")
            revoke(connection, root, purpose, version, now_ms, random, owner)
        case Operation.REPLACE_ROOT:
            replace_root(connection, root, _proposed(request, root, new_root), random, now_ms)
    return request


def _proposed(request: KeyRequest, root: RootKey, new_root: RootKey | None) -> RootKey:
    mark = bytes.fromhex(str(request.argument["mark"]))
    proposed = root.staged_successor(mark) if new_root is None else new_root
    if proposed.mark != mark:
        raise PlatformError(
            "the new root given is not the one that was proposed",
            where=proposed.describe(),
            remedy=f"name {request.argument['root']}, or propose the other one",
        )
    return proposed
