"""Whether what observations rest on stands in the journal: the records they name by number."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
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
        lost: gaps (first, last) that a kill left: the sitting that follows says so in its first record.
    """

    first: tuple[int, ...]
    last: tuple[int, ...]
    lost: tuple[tuple[int, int], ...]

    def missing(self, begin: int, end: int) -> int | None:
        """The first number from ``begin`` to ``end`` that no record has and no kill explains; None where all stand."""
        number = begin
        while number <= end:
            stretch = bisect_right(self.first, number) - 1
            if stretch >= 0 and number <= self.last[stretch]:
                number = self.last[stretch] + 1
            elif (gap := next((gap for gap in self.lost if gap[0] <= number <= gap[1]), None)) is not None:
                number = gap[1] + 1
            else:
                return number
        return None


def journal_numbers(journal: Path) -> JournalNumbers:
    """Read the numbers of a journal or its twin.

    Raises:
        ReportError: it is missing, or a line of it is no record.
    """
    stretches: list[tuple[int, int]] = []
    lost: list[tuple[int, int]] = []
    for number, begins_sitting in _records(journal):
        if stretches and number == stretches[-1][1] + 1:
            stretches[-1] = (stretches[-1][0], number)
            continue
        if begins_sitting and stretches:
            lost.append((stretches[-1][1] + 1, number - 1))
        stretches.append((number, number))
    stretches.sort()
    return JournalNumbers(tuple(a for a, _ in stretches), tuple(b for _, b in stretches), tuple(lost))


def unfounded(
    lines: Iterable[tuple[int, Observation | SetAside]], numbers: JournalNumbers
) -> Iterator[tuple[int, tuple[int, int], int]]:
    """Observations that rest on what the journal does not hold: line, records named, the first that is missing."""
    for line, observation in lines:
        if not isinstance(observation, Observation) or observation.journal is None:
            continue
        begin, end = observation.journal
        missing = begin if begin > end else numbers.missing(begin, end)
        if missing is not None:
            yield line, (begin, end), missing


def _records(journal: Path) -> Iterator[tuple[int, bool]]:
    """Number of each record, and whether it begins a sitting."""
    place = 0
    try:
        with journal.open(encoding="utf-8") as stream:
            for line in stream:
                place += 1
                record = bare(json_value(line))
                yield int(record["n"]), record.get("channel") == "run" and record.get("what") == "sitting"
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
