"""A run as it is handed on: its redacted twin, and either of them in one ZIP."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from certification.errors import PlanError
from evidence.bundle import write_bundle
from evidence.manifest import SIGNATURES, read_manifest
from evidence.run_files import FolderFiles, pieces
from evidence.twin import TwinFiles
from xiangka.clear_check import require_nothing_in_clear
from xiangka.verifying import told_as_input, verified

_ZIP = ".zip"
Pieces = Callable[[str], Iterator[bytes]]


def redact(folder: Path, out: Path) -> Path:
    """Make the redacted twin of a signed run and verify it; returns where it is.

    Args:
        folder: the run's folder.
        out: the twin; a ZIP where its name ends so.

    Raises:
        PlanError: the run is not signed or not what was sealed, the twin would tell something in clear, or it cannot be
            written there.
    """
    _require_new(folder, out)
    _require_intact(folder, twin=False)
    if not (folder / SIGNATURES).is_file():
        raise PlanError(
            "nobody has signed this run, so that its twin would prove nothing",
            where=str(folder),
            remedy="let it be signed first (xiangka report sign)",
        )
    with told_as_input(out):
        twin = TwinFiles(FolderFiles(folder), read_manifest(folder))
        with _written_beside(out) as partial:
            write = write_bundle if out.suffix == _ZIP else _write_folder
            write(partial, twin.names, twin.pieces)
            _require_intact(partial, twin=True)
            require_nothing_in_clear(partial, folder)
    return out


def bundle(folder: Path, out: Path) -> Path:
    """Put a sealed run, or its twin, into one ZIP; returns where it is.

    Raises:
        PlanError: the run is not what was sealed, or the ZIP cannot be written there.
    """
    if out.suffix != _ZIP:
        raise PlanError("is no name of a ZIP", where=str(out), remedy="let it end in .zip")
    _require_new(folder, out)
    _require_intact(folder)
    with told_as_input(out):
        files = FolderFiles(folder)
        with _written_beside(out) as partial:
            write_bundle(partial, files.names, lambda name: pieces(files, name))
    return out


def _require_new(folder: Path, out: Path) -> None:
    if not folder.is_dir():
        raise PlanError("is no folder", where=str(folder), remedy="name the folder of a run")
    if out.exists() or out.is_symlink():
        raise PlanError("is there already", where=str(out), remedy="name a place that is not there yet")
    if out.resolve().is_relative_to(folder.resolve()):
        raise PlanError("lies within the run itself", where=str(out), remedy="name a place outside of the run")
    if not out.parent.is_dir():
        raise PlanError("has no folder to stand in", where=str(out), remedy="make its folder first")


def _require_intact(folder: Path, *, twin: bool | None = None) -> None:
    """Refuse files that are not those of their manifest; who signed it does not matter here."""
    found = verified(folder, None, signed_by=())
    if found.findings:
        first = found.findings[0]
        raise PlanError(f"does not hold together: {first.where} {first.what}", where=str(folder), remedy=first.remedy)
    if twin is not None and found.twin != twin:
        raise PlanError("is a redacted twin already", where=str(folder), remedy="name the full run")


@contextlib.contextmanager
def _written_beside(out: Path) -> Iterator[Path]:
    """A neighbour to write into, which takes the place of what is wanted at the end, or leaves no trace."""
    partial = out.with_name(f"{out.name}.partial")
    _remove(partial)
    try:
        yield partial
        partial.rename(out)
    finally:
        _remove(partial)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _write_folder(out: Path, names: Iterable[str], content: Pieces) -> None:
    for name in names:
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:
            for piece in content(name):
                stream.write(piece)
