"""Whether those who must have signed did so: in their order, for one organisation, and not before there was a run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from evidence.findings import Finding
from evidence.signed import Signature
from evidence.signer_certificates import AUTHORISER


def missing(where: str, signatures: Sequence[Signature], roles: Collection[str]) -> Iterator[Finding]:
    """Roles nobody signed in."""
    signed = {one.role for one in signatures}
    for role in roles:
        if role not in signed:
            yield Finding(where, f"bears no signature of the {role}", "let it be signed by all who must")


def disorder(where: str, signatures: Sequence[Signature]) -> Iterator[Finding]:
    """An authoriser before the laboratory, and signers of several organisations."""
    if signatures and signatures[0].role == AUTHORISER:
        yield Finding(
            where,
            "bears the authoriser's signature with no laboratory's before it",
            "he answers for what a laboratory has signed: let it be signed anew, the laboratory first",
        )
    if len({organisation_of(one) for one in signatures}) > 1:
        signed = ", ".join(f"by the {one.role} for {organisation_of(one)}" for one in signatures)
        yield Finding(where, f"was signed {signed}", "both signers are of the organisation that ran the tests")


def too_early(where: str, signatures: Sequence[Signature], made: datetime, told: str) -> Iterator[Finding]:
    """Signatures from before the manifest was made; ``told`` is how the manifest tells that time."""
    for one in signatures:
        if one.signed_at < made:
            yield Finding(
                where,
                f"was made by {one.signer} at {one.signed_at.isoformat()}, before there was a manifest",
                f"a clock was wrong: the manifest is of {told}",
            )


def organisation_of(signature: Signature) -> str:
    """For whom somebody signed."""
    return signature.certificate.holder.organisation
