"""``python -m loadtests run`` offers a platform the load of a plan; ``… worker`` works for a master of another host.

Exit code 0: it ran to its end, whatever the platform did. 3: the generator failed, the last line says why. 2: usage.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

FAILED = 3


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    return int(options.command(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m loadtests", description=__doc__)
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="offer a platform the load of a plan, and record what came of it")
    run.add_argument("--plan", type=Path, required=True, metavar="F", help="plan.json")
    run.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the record")
    run.add_argument("--port", type=int, metavar="N", help="port for workers of other hosts (default: 5557)")
    run.add_argument("--detached", action="store_true", help="go on when the process that started this one has ended")
    run.set_defaults(command=_run)
    worker = commands.add_parser("worker", help="work for the master of another host")
    worker.add_argument("--master", type=_address, required=True, metavar="HOST:PORT")
    worker.add_argument("--credentials", type=Path, required=True, metavar="F")
    worker.add_argument("--tethered", action="store_true", help="end when standard input closes")
    worker.set_defaults(command=_work)
    return parser


def _run(options: argparse.Namespace) -> int:
    # Locust patches the standard library when it is imported: first of all, and in no other process.
    from loadtests.running import run_load  # noqa: PLC0415

    return run_load(options.plan, options.out, options.port, detached=options.detached)


def _work(options: argparse.Namespace) -> int:
    from loadtests.worker import work  # noqa: PLC0415 - as above

    host, port = options.master
    try:
        return work(host, port, options.credentials, tethered=options.tethered)
    except ConnectionError:
        sys.stderr.write(f"no master answers at {host}:{port}: start one there, and see that it can be reached\n")
        return FAILED


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not (host and port.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text} is not HOST:PORT")
    return host, int(port)


if __name__ == "__main__":
    raise SystemExit(main())
