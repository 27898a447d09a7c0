"""``xiangka relay faults``: a way to a platform that is spoiled on purpose."""

from __future__ import annotations

import argparse
import ipaddress
import json
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from certification.errors import PlanError

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_faults(wires: Commands) -> None:
    """Add the command."""
    faults = wires.add_parser(
        "faults", help="TCP with faults on the way; prints the URL to call, and what it did when it is stopped"
    )
    faults.add_argument("--to", required=True, metavar="HOST:PORT", type=_address, help="where connections lead")
    faults.add_argument(
        "--listen", default=("127.0.0.1", 0), metavar="HOST:PORT", type=_address, help="default: 127.0.0.1, a free port"
    )
    faults.add_argument("--allow-non-loopback", action="store_true", help="let --listen be reached by other machines")
    faults.add_argument("--latency", type=float, default=0.0, metavar="MS", help="delay of each write, each direction")
    faults.add_argument("--jitter", type=float, default=0.0, metavar="MS", help="how far delays spread around that")
    faults.add_argument("--jitter-shape", choices=("uniform", "normal"), default="uniform")
    faults.add_argument("--reset", type=float, default=0.0, metavar="SHARE", help="of requests, e.g. 0.05")
    faults.add_argument("--black-hole", type=float, default=0.0, metavar="SHARE", help="swallowed and never answered")
    faults.add_argument("--truncate", type=float, default=0.0, metavar="SHARE", help="answers that break off")
    faults.add_argument("--slow-close", type=float, default=0.0, metavar="MS", help="delay of an end of stream")
    faults.add_argument("--bandwidth", type=float, metavar="B/s", help="of each connection, each direction")
    faults.add_argument("--slice", type=int, metavar="BYTES", help="longest piece written at once")
    faults.add_argument("--seed", type=int, default=1, help="what every draw begins from (default: 1)")
    faults.add_argument("--tethered", action="store_true", help="end when standard input closes")
    faults.set_defaults(command=_serve)


def _serve(options: argparse.Namespace) -> int:
    from rigs.fault_proxy.faults import Faults
    from rigs.fault_proxy.serving import run_fault_proxy

    faults = Faults(
        latency_ms=options.latency,
        jitter_ms=options.jitter,
        shape=options.jitter_shape,
        reset=options.reset,
        black_hole=options.black_hole,
        truncate=options.truncate,
        slow_close_ms=options.slow_close,
        bandwidth=options.bandwidth,
        slice_bytes=options.slice,
        seed=options.seed,
    )
    if options.to[1] == 0:
        _refuse("there is no port 0 to connect to", "--to", "name the port the platform listens on")
    with _listener(*options.listen, allow_non_loopback=options.allow_non_loopback) as listener:
        run_fault_proxy(listener, _url(listener), options.to, faults, _tell, tethered=options.tethered)
    return 0


def _listener(host: str, port: int, *, allow_non_loopback: bool) -> socket.socket:
    where = f"--listen {host}:{port}"
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        if not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback and not allow_non_loopback:
            _refuse("leads other machines to the platform", where, "use 127.0.0.1, or add --allow-non-loopback")
        return socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        _refuse(f"cannot listen there ({error})", where, "choose an address of this machine and a free port, or 0")


def _refuse(what: str, where: str, remedy: str) -> NoReturn:
    raise PlanError(what, where=where, remedy=remedy)


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if listener.family == socket.AF_INET6 else f"http://{host}:{port}"


def _tell(told: Mapping[str, Any]) -> None:
    print(json.dumps(dict(told)), flush=True)


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) >= 1 << 16:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)
