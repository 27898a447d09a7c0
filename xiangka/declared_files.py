"""Documents a vendor declares: each must be there and be the one whose digest was filed; a run keeps a copy."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from certification.catalogue import Text
from certification.declarations import Declarations
from certification.errors import PlanError
from certification.subject_file import Problem

KEPT = "declarations"
"""Folder of a run that keeps the documents."""


def evidence_problems(declarations: Declarations, subject_file: Path) -> list[Problem]:
    """What is wrong with the documents a subject file names."""
    return list(_problems(declarations, subject_file))


def check_declared_files(declarations: Declarations, subject_file: Path | None) -> None:
    """Refuse a document that is missing, or another than the one declared.

    Raises:
        PlanError: the first such document.
    """
    for problem in _problems(declarations, subject_file):
        raise PlanError(problem.says.en, where=f"{subject_file} {problem.key}", remedy=problem.remedy.en)


def keep_declared_files(declarations: Declarations, subject_file: Path | None, run: Path) -> None:
    """Copy the documents into a run's folder, each under the name of its declaration."""
    for name, path, _ in _documents(declarations, subject_file):
        (run / KEPT).mkdir(exist_ok=True)
        shutil.copyfile(path, run / KEPT / f"{name}{path.suffix}")


def _documents(declarations: Declarations, subject_file: Path | None) -> Iterator[tuple[str, Path, str]]:
    report = declarations.environment
    if report is not None and subject_file is not None:
        yield "environment", subject_file.parent / report.file, report.sha256


def _problems(declarations: Declarations, subject_file: Path | None) -> Iterator[Problem]:
    for name, path, digest in _documents(declarations, subject_file):
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            yield Problem(
                f"declarations.{name}.file",
                Text(zh=f"{path} 无法读取（{error.strerror}）", en=f"{path} cannot be read ({error.strerror})"),
                Text(zh="更正路径（相对于本文件）", en="correct the path, relative to the subject file"),
            )
        else:
            if found != digest:
                yield Problem(
                    f"declarations.{name}.sha256",
                    Text(
                        zh=f"{path.name} 的 SHA-256 为 {found}，与申报不符",
                        en=f"the SHA-256 of {path.name} is {found}, which is not the one declared",
                    ),
                    Text(zh="提交所申报的那份文件，或更正申报", en="file the document declared, or declare this one"),
                )
