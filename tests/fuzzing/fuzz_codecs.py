"""Feeds every way into a codec under atheris, guided by coverage: ``python -m tests.fuzzing.fuzz_codecs [SECONDS]``.

An input's first two bytes choose the way in. An exception that is no codec's own ends the run with a traceback and
leaves the input in the working folder as ``crash-…``; give that file as the argument to run it again.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["rigs.protocols"]):
    from tests.fuzzing import codecs

_CHOICE = 2
WAYS = codecs.ways_in()
READERS = {f"{reader.name}.feed": reader for reader in codecs.readers()}
ERRORS = codecs.own_errors()


def one_input(data: bytes) -> None:
    """Take one input: the way in, and its string."""
    way = WAYS[int.from_bytes(data[:_CHOICE], "big") % len(WAYS)]
    with contextlib.suppress(*ERRORS):
        way.call(data[_CHOICE:])
    if (reader := READERS.get(way.name)) is not None:
        one = reader.make(data[_CHOICE : _CHOICE + 8])
        for byte in data[_CHOICE + 8 :]:
            reader.feed(one, bytes((byte,)))


def seeds(folder: Path) -> None:
    """What means something to a codec, for each way into it."""
    known = {module.__name__.rpartition(".")[2]: sorted(codecs.tokens(module)) for module in codecs.modules()}
    for number, way in enumerate(WAYS):
        for which, token in enumerate(known[way.name.split(".")[0]] or [b"\0"]):
            (folder / f"{number}-{which}").write_bytes(number.to_bytes(_CHOICE, "big") + token)


def main() -> None:
    """Fuzz for so many seconds, or run one input again."""
    given = sys.argv[1] if len(sys.argv) > 1 else "60"
    with tempfile.TemporaryDirectory() as folder:
        seeds(Path(folder))
        how = [f"-max_total_time={given}", "-max_len=1200", folder] if given.isdigit() else [given]
        atheris.Setup([sys.argv[0], "-timeout=10", *how], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
