"""What a sitting does first that goes on with a run: say what came in between, and set aside what begins again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from certification.catalogue import Text

if TYPE_CHECKING:
    from xiangka.certification_run import CertificationRun
    from xiangka.resuming import EarlierRun
    from xiangka.sittings import Sitting


def take_up(run: CertificationRun, earlier: EarlierRun, sitting: Sitting) -> None:
    """Set aside what unfinished rows had, and say so."""
    run.notes += [earlier.told(sitting), *earlier.found_torn()]
    if earlier.lost is not None:
        run.notes.append(earlier.lost.told())
    if sitting.commit != (before := earlier.sittings[-1].commit):
        said = f"{before or '—'} → {sitting.commit or '—'}"
        run.notes.append(Text(zh=f"两次试验之间软件有变：{said}", en=f"the harness changed in between: {said}"))
    if run.bench_file.scanner is not None:
        run.run.station.reads = earlier.record["reads"]
    for row in sorted(run.ahead):
        if run.catalogue[row].goes_on:
            if earlier.of(row):
                run.run.pauses[row] = earlier.sittings[-1].pause_s(sitting)
        elif mark := run.run.evidence.set_aside(row, sitting.number):
            run.notes.append(
                Text(
                    zh=f"{row} 未完成，从头重做；此前 {mark.records} 条观测记录留存但不计入",
                    en=f"{row} was not finished and began again; {mark.records} observations are kept, not counted",
                )
            )
