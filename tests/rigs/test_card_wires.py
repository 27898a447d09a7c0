"""Cards through a real PC/SC daemon, serial ports and processes; strangers at either end."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from fixtures import cards
from rigs.bench_tables.cards import CardsTable
from rigs.drivers.card_readers import MultiInOneReaders
from rigs.drivers.card_reading import read_card
from rigs.drivers.pcsc import PcscReader
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.opening.cards import open_cards, plug_in_cards
from rigs.opening.opening import EmulationOptions, Opening
from rigs.opening.virtual_readers import CARDS as READER
from rigs.opening.virtual_readers import VirtualReaders
from rigs.pcsc_daemon import PrivatePcscd, missing_programs
from rigs.protocols import iso7816, social_card
from rigs.roles.cards import CardRecord, CardRemovedError, CardTrouble, Hand

pytest.importorskip("smartcard.scard", reason="pyscard is not built: sh .ci/card-libraries .venv/bin/python")
pytestmark = pytest.mark.skipif(bool(missing_programs()), reason=f"needs {', '.join(missing_programs())}")
STRANGER = Path(__file__).with_name("card_stranger.py")
WAIT_S = 15.0
APART_S = 0.6


def keep_at_work(channel) -> None:
    work = iso7816.read_record(social_card.CARD_ID, social_card.CARD_SFI).encode()
    while True:
        channel.transmit(work)


class BlindScanner:
    """A scanner that sees nothing."""

    def arm(self):
        pass

    def disarm(self):
        pass

    def delivery(self, timeout_s):
        time.sleep(timeout_s)


@dataclass
class Terminal:
    """An emulated card side with everything that serves it."""

    readers: MultiInOneReaders
    hand: Hand
    journal: Path
    log: Path
    daemon: PrivatePcscd

    def swap(self, *media: cards.CardInHand) -> None:
        self.hand.take()
        for place in ("contact", "contactless"):
            assert self.readers.wait_for_removal(place, WAIT_S)
        self.hand.put(*(medium.placed for medium in media))


@contextlib.contextmanager
def opened(folder: Path, defect: str | None = None) -> Iterator[Terminal]:
    folder.mkdir(parents=True, exist_ok=True)
    table = CardsTable.model_validate({"driver": "multi-in-one", "emulated": {}})
    with Journal(folder / "journal.jsonl") as journal:
        opening = Opening(journal, EmulationOptions(folder, defect))
        with opening.closing:
            virtual = VirtualReaders(PrivatePcscd(READER), (READER,))
            opening.closing.callback(virtual.daemon.close)
            side = plug_in_cards(table, virtual, opening)
            found = open_cards(side, table, BlindScanner(), 1.0, opening)
            yield Terminal(found.readers, found.hand, folder / "journal.jsonl", found.logs[0], virtual.daemon)


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    with opened(tmp_path_factory.mktemp("cards")) as found:
        yield found


def test_every_medium_is_read_in_one_session_without_a_word_of_what_comes(terminal):
    random = Random(3)
    deck = [
        cards.social_security_card(random, 1),
        cards.visit_storage_card(random),
        cards.contactless_bank_card(random),
        cards.identity_card(random),
        cards.social_security_card(random, 3, "contactless"),
        cards.visit_stripe_card(random),
    ]
    with terminal.readers.session() as session:
        for card in deck:
            terminal.hand.put(card.placed)
            found = session.next(WAIT_S)
            assert isinstance(found, CardRecord), found
            assert (found.medium, found.parts) == (card.medium, card.parts)
            terminal.hand.take()
            assert session.emptied(WAIT_S)
            time.sleep(APART_S if card.placed.place == "stripe" else 0)
    journal = terminal.journal.read_text(encoding="utf-8")
    for card in deck:
        for secret in card.secrets.values():
            assert secret not in journal
            assert secret.encode().hex() not in journal
            assert secret.encode("utf-16-le").hex() not in journal


def test_a_card_nobody_knows_is_told_and_no_record_is_made_of_it(terminal):
    unknown = cards.link_card(1)
    with terminal.readers.session() as session:
        terminal.hand.put(cards.Placed("contact", unknown, "", ""))
        found = session.next(WAIT_S)
        assert isinstance(found, CardTrouble)
        assert "no application" in found.text
        terminal.hand.take()
        assert session.emptied(WAIT_S)


def test_a_strangers_program_reads_the_virtual_card(terminal):
    card = cards.social_security_card(Random(5), 2)
    terminal.swap(card)
    channel = terminal.readers.connect("contact", WAIT_S)
    assert channel is not None
    channel.close()
    script = ["00A404000F7378312E73682EC9E7BBE1B1A3D5CF00", "00B2072C00", "00B2013400"]
    sent = [word for apdu in script for word in ("--send-apdu", apdu)]
    said = subprocess.run(
        ["opensc-tool", "--reader", f"{READER} 00 00", "--card-driver", "default", *sent],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert said.stdout.count("SW1=0x90, SW2=0x00") == 3, said.stdout + said.stderr
    assert card.parts["card number"] in said.stdout
    atr = subprocess.run(
        ["opensc-tool", "--reader", f"{READER} 00 00", "--atr"], capture_output=True, text=True, timeout=60, check=False
    )
    assert atr.stdout.strip().replace(":", "") == cards.T1_ATR.hex()


def test_a_strangers_client_reads_the_visit_card_as_the_documents_say(terminal):
    from smartcard.System import readers

    card = cards.visit_storage_card(Random(6))
    terminal.swap(card)
    channel = terminal.readers.connect("contactless", WAIT_S)
    assert channel is not None
    channel.close()
    connection = next(one for one in readers() if one.name == f"{READER} 00 01").createConnection()
    connection.connect()
    ask = lambda apdu: connection.transmit(list(bytes.fromhex(apdu)))  # noqa: E731
    assert bytes(connection.getATR()).hex().upper() == "3B8F8001804F0CA000000306030001000000006A"
    assert bytes(ask("FFCA000000")[0]).hex().upper() == card.parts["uid"]
    assert ask("FFB0000410")[1:] == (0x69, 0x82)
    assert ask("FF82000006FFFFFFFFFFFF")[1:] == (0x90, 0x00)
    assert ask("FF860000050100046000")[1:] == (0x90, 0x00)
    block, *status = ask("FFB0000410")
    assert status == [0x90, 0x00]
    assert bytes(block).rstrip(b"\x00").decode() == card.parts["number"]
    connection.disconnect()
    connection.release()


def test_a_strangers_card_is_read_and_its_number_masked(tmp_path):
    code = f"""
from pathlib import Path
import subprocess, sys
from rigs.drivers.card_reading import read_card
from rigs.drivers.pcsc import PcscReader
from rigs.journal import Journal
from rigs.pcsc_daemon import PrivatePcscd, port_of
daemon = PrivatePcscd("Strange reader")
card = subprocess.Popen([*daemon.inside, sys.executable, {str(STRANGER)!r}, str(port_of(0, 1))])
with Journal(Path({str(tmp_path / "journal.jsonl")!r})) as journal:
    reader = PcscReader("Strange reader 00 01", "cards.contactless", journal)
    found = read_card(reader.connect({WAIT_S}))
    print(found.medium, found.masked, found.leading, found.trailing)
    reader.close()
card.kill(); card.wait(); daemon.close()
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert said.stdout.strip() == "bank_card 999999******0015 16 0", said.stderr
    journal = (tmp_path / "journal.jsonl").read_text(encoding="utf-8")
    assert "9999990000000015" not in journal
    assert "999999aaaaaa0015" in journal


def test_a_card_taken_away_at_work_is_told_at_once_and_the_next_one_reads(terminal):
    for number in range(3):
        card = cards.social_security_card(Random(number), 2)
        terminal.swap(card)
        channel = terminal.readers.connect("contact", WAIT_S)
        assert channel is not None
        assert read_card(channel).parts == card.parts
        threading.Timer(0.1, terminal.hand.take).start()
        with pytest.raises(CardRemovedError), channel.transaction():
            keep_at_work(channel)
        channel.close()


def test_a_reader_that_never_answers_costs_its_deadline_and_no_more(tmp_path):
    said = _in_a_process_of_its_own(
        tmp_path,
        "hangs-on-removal",
        """
    card = cards.social_security_card(Random(1), 2)
    terminal.hand.put(card.placed)
    channel = terminal.readers.connect("contact", WAIT_S)
    read_card(channel)
    threading.Timer(0.1, terminal.hand.take).start()
    try:
        keep_at_work(channel)
    except CardSilentError:
        print("silent")
    except CardRemovedError:
        print("between two commands")
""",
    )
    assert said in ("silent", "between two commands")


def test_two_benches_in_two_processes_have_readers_of_the_same_name_and_cards_of_their_own(terminal, tmp_path):
    mine = cards.social_security_card(Random(10), 2)
    terminal.swap(mine)
    theirs = _in_a_process_of_its_own(
        tmp_path,
        None,
        """
    card = cards.social_security_card(Random(11), 2)
    terminal.hand.put(card.placed)
    found = read_card(terminal.readers.connect("contact", WAIT_S))
    print(found.parts["card number"] == card.parts["card number"])
""",
    )
    assert theirs == "True"
    channel = terminal.readers.connect("contact", WAIT_S)
    assert channel is not None
    assert read_card(channel).parts == mine.parts
    channel.close()


def test_a_process_speaks_to_one_daemon_and_says_so(terminal):
    with pytest.raises(RigError, match="runs a pcscd already"):
        PrivatePcscd("another")


def test_a_reader_that_is_not_there_is_named_with_those_that_are(terminal):
    with pytest.raises(RigError, match="no reader is called 'Acme'") as error:
        PcscReader("Acme", "cards.contact", Journal(None))
    assert READER in str(error.value)


def test_a_daemon_that_dies_is_the_benchs_fault(tmp_path):
    said = _in_a_process_of_its_own(
        tmp_path,
        None,
        """
    terminal.hand.put(cards.social_security_card(Random(1), 2).placed)
    channel = terminal.readers.connect("contact", WAIT_S)
    terminal.daemon.close()
    try:
        while True:
            channel.transmit(bytes.fromhex("00B2012C00"))
    except (RigError, CardRemovedError) as error:
        print(type(error).__name__)
    try:
        terminal.readers.wait_for_removal("contact", 2)
        terminal.readers.connect("contact", 2)
    except RigError as error:
        print("RigError")
""",
    )
    assert said.split()[-1] == "RigError"


def test_a_terminal_that_goes_dead_in_mid_session_is_the_benchs_fault(tmp_path):
    said = _in_a_process_of_its_own(
        tmp_path,
        None,
        """
    with terminal.readers.session() as session:
        terminal.hand.put(cards.social_security_card(Random(1), 2).placed)
        print(type(session.next(WAIT_S)).__name__)
        os.kill(emulator(), signal.SIGKILL)
        try:
            while session.next(WAIT_S) is not None:
                pass
        except RigError as error:
            print(error.where)
    try:
        terminal.hand.take()
    except RigError as error:
        print(error.where)
""",
    )
    first, lost, hand = said.split()
    assert (first, hand) == ("CardRecord", "hand")
    assert lost in ("cards.identity", "cards.stripe")


def test_the_terminals_log_holds_no_number_unless_it_is_defective(tmp_path):
    card = cards.contactless_bank_card(Random(4))
    number = card.secrets["account number"]
    for defect, clear in ((None, False), ("logs-pan", True)):
        said = _in_a_process_of_its_own(
            tmp_path / str(defect),
            defect,
            """
    card = cards.contactless_bank_card(Random(4))
    terminal.hand.put(card.placed)
    print(read_card(terminal.readers.connect("contactless", WAIT_S)).masked)
    print(terminal.log.read_text())
""",
        )
        assert said.split()[0] == card.parts["number"]
        assert (number in said) == clear


def emulator() -> int:
    """Process of the emulated card side that this process has started."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="utf-8").split()
    return next(int(one) for one in children if b"card-terminal" in Path(f"/proc/{one}/cmdline").read_bytes())


IMPORTS = """
import os
import signal
import threading
from pathlib import Path
from random import Random
from fixtures import cards
from rigs.drivers.card_reading import read_card
from rigs.errors import RigError
from rigs.roles.cards import CardRemovedError, CardSilentError
from tests.rigs.test_card_wires import WAIT_S, emulator, keep_at_work, opened
"""


def _in_a_process_of_its_own(folder: Path, defect: str | None, body: str) -> str:
    """What some lines say that are run with a ``terminal`` of their own; a process has one daemon only."""
    opening = f"with opened(Path({str(folder)!r}), {defect!r}) as terminal:"
    code = f"{IMPORTS}\n{opening}\n{body}"
    said = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        cwd=Path(__file__).parents[2],
        env={name: value for name, value in os.environ.items() if name != "PCSCLITE_CSOCK_NAME"},
    )
    assert said.returncode == 0 or said.stdout, said.stderr
    return said.stdout.strip()
