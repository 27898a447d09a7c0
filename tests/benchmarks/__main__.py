"""``make bench``: every benchmark, or those named. Figures of one run belong together; only their ratios travel."""

from __future__ import annotations

import sys

from tests.benchmarks import chaining, evidence, optics, reading
from tests.benchmarks.load import run as load
from tests.benchmarks.platform import run as platform

BENCHMARKS = {
    "reading": reading.main,
    "optics": optics.main,
    "platform": platform.main,
    "load": load.main,
    "evidence": evidence.main,
    "chaining": chaining.main,
}


def main(arguments: list[str]) -> None:
    named = [argument for argument in arguments if argument in BENCHMARKS]
    options = [argument for argument in arguments if argument not in BENCHMARKS]
    for name in named or BENCHMARKS:
        BENCHMARKS[name](options)


if __name__ == "__main__":
    main(sys.argv[1:])
