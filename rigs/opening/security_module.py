"""Opens the terminal's security module."""

from __future__ import annotations

import secrets

from rigs.bench_tables.security_module import SecurityModuleTable
from rigs.drivers.pcsc import PcscReader
from rigs.drivers.security_module import CHANNEL, ApduSecurityModule
from rigs.drivers.tcp_apdu import TcpApduChannel
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.module_issuer import ModuleIssuer
from rigs.opening.opening import Opening
from rigs.roles.cards import ApduChannel

INSERT_S = 10.0


def open_security_module(
    table: SecurityModuleTable, issuer: ModuleIssuer, term_id: str, opening: Opening
) -> ApduSecurityModule:
    """The security module of a bench.

    Args:
        table: its table.
        issuer: the platform, whose signing key an emulated module is made to trust.
        term_id: the terminal an emulated module is made for.
        opening: the bench being opened.

    Raises:
        RigError: reader or module are absent or silent.
    """
    channel = _channel(table, issuer, term_id, opening)
    try:
        module = ApduSecurityModule(channel, opening.journal, table.grace_s)
    except BaseException:
        channel.close()
        raise
    opening.closing.callback(module.close)
    return module


def _channel(table: SecurityModuleTable, issuer: ModuleIssuer, term_id: str, opening: Opening) -> ApduChannel:
    if table.reader is not None:
        return _in_reader(table.reader, opening)
    return TcpApduChannel(table.url or _emulate(issuer, term_id, opening), CHANNEL)


def _emulate(issuer: ModuleIssuer, term_id: str, opening: Opening) -> str:
    arguments = ["emulate", "security-module", "--tethered", "--serial", f"EMU-{secrets.token_hex(6)}"]
    arguments += ["--term-id", term_id, "--trusts", issuer.signing_key().hex(), *opening.defective()]
    return opening.start(CHANNEL, arguments).greeting


def _in_reader(name: str, opening: Opening) -> ApduChannel:
    # The reader's own records would hold whatever a faulty module says; those of the driver do not.
    reader = PcscReader(name, CHANNEL, Journal(None))
    opening.closing.callback(reader.close)
    channel = reader.connect(INSERT_S)
    if channel is None:
        raise RigError(
            f"there is no module in {name}", where=CHANNEL, remedy="put it into the SAM slot, contacts as marked"
        )
    return channel
