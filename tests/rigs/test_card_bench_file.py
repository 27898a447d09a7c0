"""A bench file with [cards]: what it must and must not say, and what is said where a program is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rigs import pcsc_daemon
from rigs.bench_file import load_bench
from rigs.drivers.operator_hand import OperatorHand
from rigs.drivers.pcsc import load_pyscard
from rigs.errors import BenchFileError, RigError
from rigs.roles.cards import Placed
from xiangka.unbound import unbound_roles

OWN = Path("rigs/benches/emulated-multi-in-one.toml")
REAL = """
[cards]
driver = "multi-in-one"
contact = "Acme Contact"
contactless = "Acme Contactless"
deck = "deck.toml"
"""


def bench(tmp_path, cards: str):
    text = OWN.read_text(encoding="utf-8").replace('[cards]\ndriver = "multi-in-one"\n\n[cards.emulated]\n', cards)
    assert cards in text
    file = tmp_path / "bench.toml"
    file.write_text(text, encoding="utf-8")
    return load_bench(file)


@pytest.mark.parametrize(
    ("cards", "said"),
    [
        ('[cards]\ndriver = "multi-in-one"\n', "needs `contact` and `contactless`"),
        (REAL.replace('deck = "deck.toml"\n', ""), "needs `deck`"),
        (REAL + "\n[cards.emulated]\n", "brings its own readers"),
        (REAL + "call_s = 0.5\n", "cards.call_s"),
        (REAL + 'contactles = "x"\n', "did you mean 'contactless'"),
    ],
)
def test_a_wrong_table_is_refused(cards, said, tmp_path):
    with pytest.raises(BenchFileError) as error:
        bench(tmp_path, cards)
    assert said in str(error.value)


def test_rows_of_cards_need_somebody_to_serve_them(tmp_path):
    assert "cards" not in unbound_roles(load_bench(OWN))
    assert "cards" in unbound_roles(load_bench(Path("rigs/benches/emulated-gm65.toml")))
    alone = bench(tmp_path, REAL)
    assert "cards" in unbound_roles(alone)
    assert alone.settings()["cards"]["deck"] == "deck.toml"
    served = bench(tmp_path, REAL + '\n[operator]\ndriver = "terminal"\n')
    assert "cards" not in unbound_roles(served)


def test_without_pyscard_a_bench_is_refused_with_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "smartcard", None)
    with pytest.raises(BenchFileError, match=r"pyscard.*apt-get install.*requirements-cards\.lock") as error:
        load_pyscard()
    assert "\n" not in str(error.value)


def test_without_the_virtual_reader_the_packages_are_named(monkeypatch):
    monkeypatch.setattr(pcsc_daemon, "DRIVER", Path("/nowhere/libifdvpcd.so"))
    with pytest.raises(RigError, match=r"need vsmartcard-vpcd.*apt-get install pcscd vsmartcard-vpcd"):
        pcsc_daemon.PrivatePcscd("X")


class Asked:
    """An operator who does what is asked and remembers the words."""

    def __init__(self) -> None:
        self.words: list[tuple[str, str]] = []

    def ask(self, instruction, answer, *, picture=None, timeout_s=None):
        self.words.append((instruction.zh, instruction.en))
        return answer.read("")


def test_a_person_is_told_which_card_goes_where_in_both_languages():
    operator = Asked()
    hand = OperatorHand(operator)
    hand.put(Placed("contact", None, "卡“S1”", "card “S1”"))
    hand.put(Placed("contactless", None, "卡“V1”", "card “V1”"), Placed("stripe", None, "卡“B2”", "card “B2”"))
    hand.take()
    assert operator.words == [
        ("请把 卡“S1” 插入卡槽", "Put card “S1” into the card slot"),
        (
            "请把 卡“V1” 放到非接触感应区，同时把 卡“B2” 刷过磁条槽一次",
            "Put card “V1” onto the contactless field and, at the same moment, "
            "put card “B2” through the stripe reader, once",
        ),
        ("请取走所有卡", "Take every card away"),
    ]
    assert not hand.prompt


@pytest.mark.parametrize(
    ("line", "software"),
    [
        ("", False),
        ('identity = "/dev/serial/by-id/usb-Acme-if00"\n', False),
        ('identity = "/dev/pts/3"\n', True),
        ('stripe = "socket://192.0.2.1:4000"\n', True),
    ],
)
def test_links_that_may_be_software_make_a_run_emulated(line, software, tmp_path):
    assert bench(tmp_path, REAL + line).cards.software == software


def test_the_virtual_reader_of_a_system_daemon_is_software(tmp_path):
    assert bench(tmp_path, REAL.replace("Acme Contactless", "Virtual PCD 00 01")).cards.software
