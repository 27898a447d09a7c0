"""Whether what observations rest on stands in the journal: the records they name by number."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from certification.json_text import json_value
from certification.observations import Observation, SetAside
from evidence.chain import bare
from reports.errors import ReportError

_AGAIN = "copy the whole folder of the run once more"


@dataclass(frozen=True)
class JournalNumbers:
    """Numbers of the records a journal holds.

    Attributes:
        first, last: of each stretch of records without a gap, in order; the two have one length.
        lost: gaps (first, last) between a sitting that was killed and the one that follows it. Of any other sitting
            everything its observations name was written.
    """

    first: tuple[int, ...]
    last: tuple[int, ...]
    lost: tuple[tuple[int, int], ...]

    def missing(self, begin: int, end: int, explained: Collection[tuple[int, int]] = ()) -> int | None:
        """The first number from ``begin`` to ``end`` that no record has and no gap explains; None where there is none.

        Args:
            begin, end: numbers of records.
            explained: those of the lost gaps in which records may be missing.
        """
        number = begin
        while number <= end:
            stretch = bisect_right(self.first, number) - 1
            if stretch >= 0 and number <= self.last[stretch]:
                number = self.last[stretch] + 1
            elif (gap := next((gap for gap in explained if gap[0] <= number <= gap[1]), None)) is not None:
                number = gap[1] + 1
            else:
                return number
        return None


def journal_numbers(journal: Path, killed: Collection[int]) -> JournalNumbers:
    """Read the numbers of a journal or its twin.

    Args:
        journal: the file.
        killed: numbers of the sittings that were killed, so that they could not close it.

    Raises:
        ReportError: it is missing, or a line of it is no record.
    """
    stretches: list[tuple[int, int]] = []
    lost: list[tuple[int, int]] = []
    under_way: int | None = None
    for number, begins in _records(journal):
        before, under_way = under_way, under_way if begins is None else begins
        if stretches and number == stretches[-1][1] + 1:
            stretches[-1] = (stretches[-1][0], number)
            continue
        if begins is not None and before in killed and stretches:
            lost.append((stretches[-1][1] + 1, number - 1))
        stretches.append((number, number))
    stretches.sort()
    return JournalNumbers(tuple(a for a, _ in stretches), tuple(b for _, b in stretches), tuple(lost))


def unfounded(
    lines: Iterable[tuple[int, Observation | SetAside]], numbers: JournalNumbers
) -> Iterator[tuple[int, tuple[int, int], int]]:
    """Observations that rest on what the journal does not hold: line, records named, the first that is missing.

    What a kill took is missing rightly where the row it cut short names it: before the row, everything was brought onto
    the disk.
    """
    citing = [
        (line, one.requirement, one.journal)
        for line, one in lines
        if isinstance(one, Observation) and one.journal is not None
    ]
    cut_short = {gap: [row for _, row, (_, end) in citing if end <= gap[1]][-1:] for gap in numbers.lost}
    for line, row, (begin, end) in citing:
        explained = [gap for gap, rows in cut_short.items() if row in rows]
        missing = begin if begin > end else numbers.missing(begin, end, explained)
        if missing is not None:
            yield line, (begin, end), missing


def _records(journal: Path) -> Iterator[tuple[int, int | None]]:
    """Number of each record, and of the sitting it begins; None where it begins none."""
    place = 0
    try:
        with journal.open(encoding="utf-8") as stream:
            for line in stream:
                place += 1
                record = bare(json_value(line))
                begins = record.get("channel") == "run" and record.get("what") == "sitting"
                yield int(record["n"]), int(record["number"]) if begins else None
    except FileNotFoundError as error:
        raise ReportError("is missing", where=str(journal), remedy=_AGAIN) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"cannot be read ({error})", where=str(journal), remedy=_AGAIN) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReportError(
            f"is no record ({type(error).__name__}: {error})",
            where=f"{journal}, line {place}",
            remedy="somebody changed the file, or it was cut short; `xiangka report verify` tells which",
        ) from error
