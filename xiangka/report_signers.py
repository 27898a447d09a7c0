"""Who signs a report: the laboratory and the authoriser, who is the person the laboratory file names."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from certification.catalogue import Text
from certification.errors import PlanError
from evidence.signer_certificates import AUTHORISER, ROLES
from reports.certificate_facts import Facts
from xiangka.key_secret import open_keys

if TYPE_CHECKING:
    from evidence.keys.signer import Signer


def signers_of(keys: Sequence[Path], passwords: Sequence[Path]) -> list[Signer]:
    """The signers, the laboratory first.

    Raises:
        PlanError: not one of each role signs.
        SignatureError: a key cannot be used.
    """
    if passwords and len(passwords) != len(keys):
        raise PlanError(
            f"{len(keys)} folders of keys, {len(passwords)} password files",
            where="--password-file",
            remedy="name as many, in the same order",
        )
    opened = [open_keys(folder, passwords[n] if passwords else None) for n, folder in enumerate(keys)]
    roles = [signer.role for signer in opened]
    if opened and sorted(roles) != sorted(ROLES):
        raise PlanError(
            f"the keys are of {', '.join(roles)}; a report is signed by the laboratory and the authoriser",
            where="--keys",
            remedy="name the folders of both, or none and --out for a report to be signed by hand",
        )
    return sorted(opened, key=lambda signer: ROLES.index(signer.role))


def require_authoriser(facts: Facts, signers: Sequence[Signer]) -> None:
    """Refuse to put the authoriser's signature under another person's name.

    The certificate's name is the name stated in Chinese, in English, or both with a space between. The laboratory's
    signature stands for its seal, so whoever holds that key need not be one of the people stated.

    Raises:
        PlanError: the names differ.
    """
    stated = facts.stated("people.authoriser").value
    for signer in signers:
        if signer.role == AUTHORISER and stated is not None and not _names(stated, signer.name):
            raise PlanError(
                f"the laboratory file states {stated.zh} / {stated.en} as authoriser, "
                f"the authoriser's certificate is of {signer.name}",
                where="people.authoriser",
                remedy="let the person stated sign, or correct the laboratory file: run again with it, "
                "or if a report stands, amend that with --laboratory",
            )


def _names(stated: Text, name: str) -> bool:
    return _folded(name) in {_folded(one) for one in (stated.zh, stated.en, f"{stated.zh} {stated.en}")}


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
