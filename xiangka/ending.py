"""How a run ends: everything closed, verdicts, record and report written, and the manifest over all of them last."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from certification.exit_codes import ExitCode
from certification.last_word import last_word
from certification.standing import verdicts_document
from evidence.manifest import MANIFEST, write_manifest
from reports.errors import ReportError
from rigs.disk import NoRoomError, told_of_the_disk
from xiangka.run_record import write_json
from xiangka.sittings import BENCH_FAILED, FINISHED, INTERRUPTED, SUBJECT

if TYPE_CHECKING:
    from xiangka.certification_run import CertificationRun


def end(run: CertificationRun, state: str) -> ExitCode:
    """End a run; ``state`` is finished, interrupted or aborted.

    Raises:
        NoRoomError: the disk is so full that not even the record of the run could be written; its evidence is whole.
    """
    run.stated.compare_clocks(run.bench, run.sittings[-1].number, "end")
    run.watch_the_clock()
    try:
        close(run)
    except NoRoomError as error:
        run.rig_error(None, error)
    try:
        return _tell(run, "aborted" if run.stopped else state)
    except NoRoomError as error:
        # What did not fit has been taken away again, which leaves room to say that the run is not at its end.
        run.rig_error(None, error)
        return _tell(run, "aborted")
    finally:
        run.held.release()


def close(run: CertificationRun) -> None:
    """Close everything that is open; what was recorded so far stays in the run folder.

    Raises:
        NoRoomError: the disk did not take the last records.
    """
    with ExitStack() as closing:
        closing.callback(shutil.rmtree, run.state, ignore_errors=True)
        closing.callback(run.run.evidence.close)
        closing.callback(run.journal.close)
        closing.callback(run.bench.close)
        closing.callback(run.watcher.close)


def _tell(run: CertificationRun, state: str) -> ExitCode:
    (run.folder / MANIFEST).unlink(missing_ok=True)
    rows = run.rows()
    code, overall = last_word(rows, state, invalid=run.invalid, invalid_load=run.invalid_load, broken=run.broken)
    run.overall = overall
    began = datetime.fromisoformat(run.started)
    code = run.waived.weigh(rows, run.subject.identity, code, overall, began=began, broken=run.broken)
    write_json(run.folder / "verdicts.json", verdicts_document(run.name, overall, rows))
    run.notes += [note for note in (*run.run.remarks, *run.waived.notes) if note not in run.notes]
    run.sittings[-1] = run.sittings[-1].end(_why(run, state))
    run.write_record(state, code, overall)
    try:
        _write_report(run.folder)
    finally:
        with told_of_the_disk(run.folder / MANIFEST):
            _drop_empty_folders(run.folder)
            write_manifest(run.folder, run.name)
    return code


def _drop_empty_folders(folder: Path) -> None:
    """What no file came into has no place under the seal, which is of files."""
    for place, _, _ in os.walk(folder, topdown=False):
        if Path(place) != folder:
            with suppress(OSError):  # there is something in it
                Path(place).rmdir()


def _write_report(folder: Path) -> None:
    from reports.html_report import REPORT, write_report

    with told_of_the_disk(folder / REPORT):
        try:
            write_report(folder)
        except ReportError as error:
            raise (error.__cause__ if isinstance(error.__cause__, OSError) else error) from None


def _why(run: CertificationRun, state: str) -> str:
    if state == "finished":
        return FINISHED
    if run.gone or (run.invalid and not run.invalid_load):
        return SUBJECT
    return BENCH_FAILED if run.broken else INTERRUPTED
