"""A catalogue as a file of its own: what a run keeps of the demands it was judged by, so that it can be judged again.

JSON: ``schema``, ``version``, ``requirements`` in catalogue order with every field, also those that hold a default, so
that a default that changes later changes no run.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from certification.catalogue import VERSION, Catalogue, Requirement, SubjectKind
from certification.errors import PlanError
from certification.json_text import json_value
from certification.options import statement_options

CATALOGUE = "catalogue.json"
"""Its name in a run's folder."""
SCHEMA = 1


class CatalogueFile(BaseModel):
    """A catalogue with the version it calls itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    requirements: tuple[Requirement, ...]

    @property
    def catalogue(self) -> Catalogue:
        """The requirements by id.

        Raises:
            PlanError: one stands twice.
        """
        return Catalogue(list(self.requirements))


def catalogue_text(catalogue: Catalogue, version: str = VERSION) -> str:
    """The one way a catalogue is written."""
    rows = [requirement.model_dump(mode="json") for requirement in catalogue.values()]
    document = {"schema": SCHEMA, "version": version, "requirements": rows}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def catalogue_digest(catalogue: Catalogue) -> str:
    """SHA-256 of a catalogue as it is written, hex."""
    return hashlib.sha256(catalogue_text(catalogue).encode()).hexdigest()


def read_catalogue(file: Path) -> CatalogueFile:
    """Read a catalogue that was exported, or kept in a run's folder.

    Raises:
        PlanError: it cannot be read, is none, or is written in a form this version does not read.
    """
    document = _document(file)
    if document.get("schema") != SCHEMA:
        raise PlanError(
            f"has schema {document.get('schema')!r}, this version reads {SCHEMA}",
            where=str(file),
            remedy="read it with the version of Xiangka that wrote it",
        )
    try:
        read = CatalogueFile.model_validate({key: value for key, value in document.items() if key != "schema"})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise PlanError(
            f"{field}: {first['msg']}", where=str(file), remedy="see certification/clauses.py for the fields of a row"
        ) from error
    try:
        _ = read.catalogue
    except PlanError as error:
        raise PlanError(error.what, where=str(file), remedy=error.remedy) from error
    _require_known_options(read.catalogue, file)
    return read


def _require_known_options(catalogue: Catalogue, file: Path) -> None:
    """Refuse an option that no statement can answer: a row that asks about it would never apply. Kinds of subject
    without a statement yet are left alone."""
    for row in catalogue.values():
        known = statement_options(SubjectKind.PLATFORM if row.subject is SubjectKind.LOAD else row.subject)
        if not known:
            continue
        asked = {row.applies_if, *(clause.only_if for clause in row.criterion)} - {None}
        for option in sorted(name for name in asked if name is not None and name not in known):
            raise PlanError(
                f"{row.id} asks about the option {option!r}, which no statement of a {row.subject} has",
                where=str(file),
                remedy="name an option that `xiangka statement new` lists, or none",
            )


def _document(file: Path) -> dict[str, Any]:
    try:
        document = json_value(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PlanError(
            "there is no such file", where=str(file), remedy="write one with `xiangka catalogue export --out F`"
        ) from error
    except (OSError, ValueError) as error:
        raise PlanError(
            f"is no catalogue ({error})", where=str(file), remedy="write one with `xiangka catalogue export --out F`"
        ) from error
    if not isinstance(document, dict):
        raise PlanError("holds no JSON object", where=str(file), remedy="name an exported catalogue")
    return document
