"""Opens the terminal's security module."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from rigs.bench_tables.security_module import SecurityModuleTable
from rigs.drivers.pcsc import PcscReader
from rigs.drivers.security_module import CHANNEL, ApduSecurityModule
from rigs.drivers.tcp_apdu import TcpApduChannel
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.lease import Lease
from rigs.module_issuer import ModuleIssuer
from rigs.opening.opening import Opening
from rigs.opening.virtual_readers import MODULE, VirtualReaders
from rigs.roles.cards import ApduChannel

INSERT_S = 10.0
CALL_S = 10.0
"""How long a module may work on one command: its SM2 takes longer than what a card is asked."""


@dataclass(frozen=True)
class Issuing:
    """What an emulated module is made from.

    Attributes:
        issuer: the platform, whose signing key it is made to trust.
        term_id: the terminal it is made for.
        virtual: readers of the bench's own ``pcscd``, or None.
    """

    issuer: ModuleIssuer
    term_id: str
    virtual: VirtualReaders | None = None


def open_security_module(table: SecurityModuleTable, issuing: Issuing, opening: Opening) -> ApduSecurityModule:
    """The security module of a bench.

    Raises:
        RigError: reader or module are absent or silent.
    """
    channel = _channel(table, issuing, opening)
    try:
        module = ApduSecurityModule(channel, opening.journal, table.grace_s)
    except BaseException:
        channel.close()
        raise
    opening.closing.callback(module.close)
    return module


def _channel(table: SecurityModuleTable, issuing: Issuing, opening: Opening) -> ApduChannel:
    if table.reader is not None:
        opening.closing.callback(Lease(table.reader, CHANNEL).release)
        return _in_reader(table.reader, opening)
    if table.emulated is None:
        return TcpApduChannel(table.url or "", CHANNEL)
    arguments = ["emulate", "security-module", "--tethered", "--serial", f"EMU-{secrets.token_hex(6)}"]
    arguments += ["--term-id", issuing.term_id, "--trusts", issuing.issuer.signing_key().hex(), *opening.defective()]
    if table.emulated.slot == "tcp" or issuing.virtual is None:
        return TcpApduChannel(opening.start(CHANNEL, arguments).greeting, CHANNEL)
    name, port = issuing.virtual.slot(MODULE, 0)
    opening.start(CHANNEL, [*arguments, "--slot-port", str(port)], under=issuing.virtual.daemon.inside)
    return _in_reader(name, opening)


def _in_reader(name: str, opening: Opening) -> ApduChannel:
    # The reader's own records would hold whatever a faulty module says; those of the driver do not.
    reader = PcscReader(name, CHANNEL, Journal(None), call_s=CALL_S)
    opening.closing.callback(reader.close)
    opening.journal.event(CHANNEL, "reader opened", name=reader.name)
    channel = reader.connect(INSERT_S)
    if channel is None:
        raise RigError(
            f"there is no module in {name}", where=CHANNEL, remedy="put it into the SAM slot, contacts as marked"
        )
    return channel
