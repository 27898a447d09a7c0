"""Numbers that an institution made itself, of a patient, a visit, a report, a document: kept as keyed hashes only.

Some hospitals take the identity number for one of them, and nothing can tell. A hash without a key would not hide it:
identity numbers can be counted through.
"""

from __future__ import annotations

from reference_impl.wire.sm import hmac_sm3

_KEY_DIGITS = 32


def own_number_key(lookup_key: bytes, kind: str, owner: str, number: str) -> str:
    """Return what is kept of a number, 32 hex characters, "" for none.

    Args:
        lookup_key: the key ``person-lookup``, of which there is one version for good.
        kind: what is numbered; equal numbers of two kinds have nothing in common.
        owner: who numbers, an institution or application.
        number: as it was said.
    """
    if not number:
        return ""
    return hmac_sm3(lookup_key, f"{kind}|{owner}|{number}".encode()).hex()[:_KEY_DIGITS]
