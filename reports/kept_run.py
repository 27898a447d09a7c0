"""A run folder read for its evidence, what was observed and what befell it: of the run itself or its redacted twin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from certification.catalogue_file import CATALOGUE, CatalogueFile, read_catalogue
from certification.json_text import json_value
from certification.observations import Observation, SetAside, from_line, in_force
from certification.standing import Standing
from certification.verdicts import SCHEMA
from evidence.chain import bare
from reports.errors import ReportError

RUN, VERDICTS = "run.json", "verdicts.json"
_KILLED = "killed"
"""Why a sitting ended that closed none of its files."""
_AGAIN = "copy the whole folder of the run once more"


@dataclass(frozen=True)
class KeptRun:
    """What a run keeps for being judged again.

    Attributes:
        folder: the folder.
        record: its ``run.json``.
        lines: every line of its observations with its number from 1.
    """

    folder: Path
    record: dict[str, Any]
    lines: tuple[tuple[int, Observation | SetAside], ...]

    @property
    def name(self) -> str:
        """The run's name."""
        return str(self.record["run"])

    @property
    def observations(self) -> list[Observation]:
        """Observations that count."""
        return in_force(line for _, line in self.lines)

    @cached_property
    def standing(self) -> Standing:
        """What befell it.

        Raises:
            ReportError: its record does not keep that.
        """
        try:
            return Standing.from_record(self.record)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ReportError(
                f"does not keep what befell the run ({type(error).__name__}: {str(error).splitlines()[0]})",
                where=str(self.folder / RUN),
                remedy="the run was made with an earlier version of Xiangka, or the file was changed",
            ) from error

    @property
    def killed(self) -> frozenset[int]:
        """Numbers of its sittings that were killed."""
        sittings = self.record.get("sittings")
        told = [one for one in sittings if isinstance(one, dict)] if isinstance(sittings, list) else []
        return frozenset(one["number"] for one in told if one.get("why") == _KILLED and type(one.get("number")) is int)

    @property
    def verdicts(self) -> bytes | None:
        """``verdicts.json`` as it stands; None where there is none."""
        file = self.folder / VERDICTS
        return file.read_bytes() if file.is_file() else None

    @cached_property
    def catalogue(self) -> CatalogueFile:
        """The catalogue it was judged by.

        Raises:
            ReportError: the folder has none.
            PlanError: what it has is none.
        """
        file = self.folder / CATALOGUE
        if not file.is_file():
            raise ReportError(
                "is missing",
                where=str(file),
                remedy="copy the whole folder once more; a run made with an earlier version of Xiangka keeps none",
            )
        return read_catalogue(file)

    @property
    def journal(self) -> Path:
        """Its journal, or the journal's twin."""
        return _whole_or_redacted(self.folder, "journal")


def read_kept_run(folder: Path) -> KeptRun:
    """Read a run that has ended.

    Raises:
        ReportError: a file is missing, is not what it should be, or the run has not ended.
    """
    if not folder.is_dir():
        raise ReportError("there is no such folder", where=str(folder), remedy="give the folder of a run")
    file = folder / RUN
    record = _record(file)
    if record.get("schema") != SCHEMA:
        raise ReportError(
            f"has schema {record.get('schema')!r}, this version reads {SCHEMA}",
            where=str(file),
            remedy="use the version of Xiangka the run was made with",
        )
    if record.get("state") == "running":
        raise ReportError(
            "the run has not ended, or was killed before it could write its verdicts",
            where=str(file),
            remedy=f"wait for its end; if it was killed, `xiangka certify --resume {folder}` goes on with it",
        )
    return KeptRun(folder, record, tuple(_lines(_whole_or_redacted(folder, "observations"))))


def _record(file: Path) -> dict[str, Any]:
    try:
        record = json_value(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ReportError("is missing", where=str(file), remedy="give the folder of a run") from error
    except (OSError, ValueError) as error:
        raise ReportError(f"cannot be read ({error})", where=str(file), remedy=_AGAIN) from error
    if not isinstance(record, dict) or not isinstance(record.get("run"), str):
        raise ReportError("is no record of a run", where=str(file), remedy=_AGAIN)
    return record


def _whole_or_redacted(folder: Path, name: str) -> Path:
    twin = folder / f"{name}.redacted.jsonl"
    return twin if twin.is_file() else folder / f"{name}.jsonl"


def _lines(file: Path) -> Iterator[tuple[int, Observation | SetAside]]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ReportError("is missing", where=str(file), remedy=_AGAIN) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"cannot be read ({error})", where=str(file), remedy=_AGAIN) from error
    for number, line in enumerate(text.split("\n")[:-1], start=1):
        try:
            yield number, from_line(bare(json_value(line)))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ReportError(
                f"is not an observation ({type(error).__name__}: {error})",
                where=f"{file}, line {number}",
                remedy="somebody changed the file, or it was cut short; `xiangka report verify` tells which",
            ) from error
