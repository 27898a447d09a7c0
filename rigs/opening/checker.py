"""Opens a terminal that checks codes itself."""

from __future__ import annotations

import json

from rigs.bench_tables.checker import CheckerTable
from rigs.drivers.code_checker import CHANNEL, JsonLineChecker
from rigs.opening.opening import Opening
from rigs.operators.checker import OperatorChecker
from rigs.platform_credentials import PlatformCredentials
from rigs.platform_link import PlatformLink
from rigs.roles.security import CodeChecker

FILE = "checker-credentials.json"


def open_checker(
    table: CheckerTable, link: PlatformLink, credentials: PlatformCredentials, opening: Opening
) -> CodeChecker:
    """The checking terminal of a bench; an emulated one is the last terminal of the bench's credentials.

    Raises:
        RigError: it is absent, or its clock cannot be set.
        BenchFileError: a person is to serve it, and the bench has none.
    """
    if table.driver == "operator":
        return OperatorChecker(opening.person)
    url = table.url or _emulate(link, credentials, opening)
    checker = JsonLineChecker(url, opening.journal)
    opening.closing.callback(checker.close)
    return checker


def _emulate(link: PlatformLink, credentials: PlatformCredentials, opening: Opening) -> str:
    file = opening.emulation.state / FILE
    file.touch(mode=0o600)
    sender = credentials.at(credentials.terminals[-1])
    fields = {"app_id": sender.app_id, "app_secret": sender.app_secret, "term_id": sender.term_id}
    file.write_text(json.dumps(fields), encoding="utf-8")
    arguments = ["emulate", "checking-terminal", "--tethered", "--platform", link.url, "--credentials", str(file)]
    return opening.start(CHANNEL, [*arguments, *opening.defective()]).greeting
