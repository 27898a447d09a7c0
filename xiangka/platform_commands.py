"""``xiangka platform``: its options and which module does the work of each action."""

from __future__ import annotations

import argparse
import math
import os
import signal
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from xiangka.ask_command import add_ask

if TYPE_CHECKING:
    from reference_impl.door.options import PlatformOptions
    from xiangka.cli import Commands


def add_platform(commands: Commands) -> None:
    """Add the command and its actions."""
    parser = commands.add_parser("platform", help="the reference card platform")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    _init(actions)
    _serve(actions)
    _seed(actions)
    add_ask(actions)
    _stats(actions)
    _audit(actions)
    _reseal(actions)
    _national_stand_in(actions)
    _real_name_stand_in(actions)


def _init(actions: Commands) -> None:
    parser = actions.add_parser("init", help="make a platform: database, keys, first institution, tokens")
    _data(parser)
    parser.add_argument("--renew-tokens", action="store_true", help="give an existing platform new API tokens")

    def command(options: argparse.Namespace) -> int:
        from xiangka.platform_making import make_platform

        return make_platform(_options(options), renew=options.renew_tokens)

    parser.set_defaults(command=command)


def _serve(actions: Commands) -> None:
    parser = actions.add_parser("serve", help="serve the card platform; prints its address")
    _data(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: loopback)")
    parser.add_argument("--port", type=int, default=8640, help="port, 0 for any free one (default: 8640)")
    parser.add_argument("--credentials", type=Path, metavar="F", help="where else to write the credentials")
    parser.add_argument(
        "--code-life", type=float, default=60, metavar="S", help="life of a dynamic code (default: 60 s)"
    )
    parser.add_argument(
        "--static-codes",
        choices=("any", "issued"),
        default="any",
        help="accept every active card's static code, or only where one was given out (default: any)",
    )
    parser.add_argument("--allow-non-loopback", action="store_true", help="let other machines reach it")
    parser.add_argument("--tethered", action="store_true", help="end when standard input closes")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes that serve (default: 1)")
    parser.add_argument(
        "--strict",
        type=float,
        nargs="?",
        const=0.05,
        metavar="SHARE",
        help="be hard to please: refuse this share of valid requests once (default: 0.05)",
    )
    parser.add_argument("--strict-seed", type=int, default=1, metavar="N", help="source of its choices (default: 1)")
    parser.add_argument("--tls-cert", type=Path, metavar="F", help="PEM certificate; its subject says TEST")
    parser.add_argument("--tls-key", type=Path, metavar="F", help="PEM key of the certificate")
    parser.add_argument("--tls-client-ca", type=Path, metavar="F", help="let in only clients with a certificate of it")
    parser.add_argument("--test-clock", action="store_true", help="let an administrator turn the clock")
    parser.add_argument("--defect", metavar="NAME[/N]", help="a deliberate defect; see `xiangka defects list`")
    parser.add_argument(
        "--capacity",
        type=float,
        metavar="N",
        help="rehearse a small machine: the writer takes at most N requests a second",
    )
    parser.add_argument(
        "--quota",
        type=_quota,
        action="append",
        default=[],
        metavar="NAME=N",
        help="requests a second of one app, terminal or address; wrong tries a minute; 0 sets no limit",
    )
    parser.add_argument("--national", metavar="URL", help="tell and ask the national platform that answers there")
    parser.add_argument("--real-name", metavar="URL", help="ask the register of persons that answers there")
    parser.add_argument("--request-log", action="store_true", help="write one line a request, without its content")

    def command(options: argparse.Namespace) -> int:
        from reference_impl.door.server import run
        from rigs.tether import when_stdin_closes

        wanted = _serving(options)
        if options.tethered:
            when_stdin_closes(lambda: os.kill(os.getpid(), signal.SIGTERM))
        run(wanted)
        return 0

    parser.set_defaults(command=command)


def _seed(actions: Commands) -> None:
    parser = actions.add_parser("seed", help="fill a platform with synthetic cards; what is there already stays")
    _data(parser)
    parser.add_argument("--cards", type=int, required=True, metavar="N", help="how many people get a card")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="which people (default: 1)")
    parser.add_argument(
        "--list", type=Path, metavar="F", help="write ids of the cards here, for `load run --population`"
    )
    parser.add_argument(
        "--sample", type=int, metavar="N", help="list so many, spread evenly over all (default: 100000 at most)"
    )

    def command(options: argparse.Namespace) -> int:
        from xiangka.platform_making import seed_platform

        return seed_platform(_options(options), options.cards, options.seed, options.list, options.sample)

    parser.set_defaults(command=command)


def _stats(actions: Commands) -> None:
    parser = actions.add_parser("stats", help="issuance, use and share of visits with the card, with definitions")
    _data(parser)
    parser.add_argument("--from", type=_day, dest="first", metavar="D", help="first day, YYYY-MM-DD")
    parser.add_argument("--to", type=_day, dest="last", metavar="D", help="last day, YYYY-MM-DD")
    parser.add_argument("--json", action="store_true", help="as JSON")

    def command(options: argparse.Namespace) -> int:
        from xiangka.platform_reports import show_statistics

        return show_statistics(_options(options), options.first, options.last, as_json=options.json)

    parser.set_defaults(command=command)


def _audit(actions: Commands) -> None:
    parser = actions.add_parser("audit", help="recompute the audit's chain; exit code 1 names the first bad record")
    _data(parser)
    parser.add_argument("--export", type=Path, metavar="F", help="write the records and a signed statement to a file")

    def command(options: argparse.Namespace) -> int:
        from xiangka.platform_reports import check_audit

        return check_audit(_options(options), options.export)

    parser.set_defaults(command=command)


def _reseal(actions: Commands) -> None:
    parser = actions.add_parser("reseal", help="seal stored values anew under the active keys, so that old ones may go")
    _data(parser)

    def command(options: argparse.Namespace) -> int:
        from xiangka.platform_making import reseal_platform

        return reseal_platform(_options(options))

    parser.set_defaults(command=command)


def _national_stand_in(actions: Commands) -> None:
    parser = actions.add_parser("national-stand-in", help="stand in for the national platform; prints what it is told")
    _data(parser)
    parser.add_argument("--port", type=int, default=8650, help="port, 0 for any free one (default: 8650)")
    parser.add_argument("--cards", type=Path, metavar="F", help="JSON list of cards of other provinces that it knows")
    parser.add_argument("--ask", metavar="ID", help="ask the platform once whose card this is, and end")

    def command(options: argparse.Namespace) -> int:
        from xiangka.national_stand_in import ask_platform, serve_nation

        if options.ask is not None:
            return ask_platform(_options(options), options.ask)
        return serve_nation(_options(options), options.port, options.cards)

    parser.set_defaults(command=command)


def _real_name_stand_in(actions: Commands) -> None:
    parser = actions.add_parser("real-name-stand-in", help="stand in for a register of persons; answers by the name")
    parser.add_argument("--port", type=int, default=8660, help="port, 0 for any free one (default: 8660)")
    parser.add_argument("--delay", type=_seconds, default=0.0, metavar="S", help="how long an answer takes")

    def command(options: argparse.Namespace) -> int:
        from reference_impl.clock import system_clock
        from reference_impl.door.real_name_stand_in import RealNameStandIn
        from xiangka.stand_in_serving import serve_stand_in

        return serve_stand_in(RealNameStandIn(system_clock, options.delay).app(), options.port)

    parser.set_defaults(command=command)


def _data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, default=Path("platform-data"), metavar="DIR", help="folder of database and keys"
    )
    parser.add_argument("--database", metavar="URL", help="SQLAlchemy URL; default: SQLite in the data folder")
    parser.add_argument(
        "--hsm-module", type=Path, metavar="F", help="PKCS#11 module of the HSM that holds the root key"
    )
    parser.add_argument("--hsm-token", metavar="LABEL", help="the HSM's token")
    parser.add_argument("--hsm-pin-file", type=Path, metavar="F", help="file with the token's PIN, mode 0600")


def _options(options: argparse.Namespace) -> PlatformOptions:
    from certification.errors import PlanError
    from reference_impl.door.options import PlatformOptions
    from reference_impl.keys.hsm_root import HsmPlace

    given = (options.hsm_module, options.hsm_token, options.hsm_pin_file)
    if any(given) and not all(given):
        raise PlanError(
            "a root key in an HSM needs all of its options",
            where="--hsm-module, --hsm-token, --hsm-pin-file",
            remedy="give all three, or none of them",
        )
    hsm = HsmPlace(*given) if all(given) else None
    return PlatformOptions(data_dir=options.data, database_url=options.database, hsm=hsm)


def _serving(options: argparse.Namespace) -> PlatformOptions:
    from dataclasses import replace

    from certification.errors import PlanError
    from reference_impl.door.options import TlsFiles

    if (options.tls_cert is None) != (options.tls_key is None) or (options.tls_client_ca and not options.tls_cert):
        raise PlanError(
            "TLS needs a certificate and its key", where="--tls-cert, --tls-key", remedy="give both files, or none"
        )
    tls = None if options.tls_cert is None else TlsFiles(options.tls_cert, options.tls_key, options.tls_client_ca)
    return replace(
        _options(options),
        host=options.host,
        port=options.port,
        token_ttl_s=options.code_life,
        static_codes=options.static_codes,
        credentials_file=options.credentials,
        allow_non_loopback=options.allow_non_loopback,
        workers=options.workers,
        strict=options.strict,
        strict_seed=options.strict_seed,
        tls=tls,
        test_clock=options.test_clock,
        defect=options.defect,
        capacity=options.capacity,
        quotas=dict(options.quota),
        request_log=options.request_log,
        national=options.national,
        real_name=options.real_name,
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds")
    return seconds


def _quota(text: str) -> tuple[str, float]:
    name, sign, number = text.partition("=")
    try:
        quota = float(number)
    except ValueError:
        sign = ""
    if not sign:
        raise argparse.ArgumentTypeError(f"{text} is not of the form NAME=NUMBER")
    return name, quota


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not a day of the form YYYY-MM-DD") from error
