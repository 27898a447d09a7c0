"""What a platform's data tell, printed: its statistics and the state of its audit."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from certification.errors import PlanError
from certification.exit_codes import ExitCode
from reference_impl.door.options import PlatformOptions
from reference_impl.door.reading import open_for_reading
from reference_impl.records import audit
from reference_impl.records.statistics import figures, period
from xiangka.printed_figures import print_statistics


def show_statistics(options: PlatformOptions, first: date | None, last: date | None, *, as_json: bool) -> int:
    """Print every figure of a period with its definition.

    Raises:
        PlanError: the period ends before it begins.
        PlatformError: the data cannot be read.
    """
    with open_for_reading(options) as reading:
        try:
            from_ms, to_ms = period(first, last, reading.now_ms)
        except ValueError as error:
            raise PlanError(str(error), where="--from, --to", remedy="name an earlier first day") from error
        told = figures(reading.connection, from_ms, to_ms)
    if as_json:
        print(json.dumps(told.as_json(), ensure_ascii=False, indent=2))
        return int(ExitCode.PASSED)
    print_statistics(told)
    return int(ExitCode.PASSED)


def check_audit(options: PlatformOptions, export: Path | None) -> int:
    """Recompute the audit's chain and print what was found; with ``export`` write the records out before.

    Raises:
        PlatformError: the data cannot be read, or the file not be written.
    """
    with open_for_reading(options) as reading:
        keyring = reading.keyring
        if export is not None:
            statement = audit.export_file(
                reading.connection, keyring.audit_versions, keyring.signing, export, reading.now_ms
            )
            print(f"{statement.records} records written to {export}")
        found = audit.check(reading.connection, keyring.audit_versions)
    for lane, (records, head) in found.lanes.items():
        print(f"lane {lane}: {records} records, head {head}")
    if found.first_bad is not None:
        bad = found.first_bad
        print(f"first bad record: lane {bad.lane or '(register)'}, number {bad.seq}: {bad.fault}")
        return int(ExitCode.FAILED)
    print(f"{found.records} records, every one as it was written; kept for {audit.RETENTION_DAYS} days")
    return int(ExitCode.PASSED)
