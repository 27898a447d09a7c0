"""Bank cards read by a terminal, and everything its host got of them searched for what it should not have got.

Judged is what the terminal hands over, before anything of ours is masked: bytes of every link, keys typed, logs of its
software. A reader that passes a card's answers on untouched hands over the whole number.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pytest_bdd import when

from certification.catalogue import Text
from fixtures.card_deck import CardDeck
from fixtures.cards import CardInHand
from rigs.number_search import numbers_in_bytes, numbers_in_files
from rigs.roles.cards import CardRecord, CardSession, CardTrouble, Medium
from steps.cards import ANSWER_S, Desk
from steps.sampling import Sampler

CONTACTLESS, STRIPES = 12, 8


@when("twenty bank cards are read, and every byte and log on the host is searched for their numbers")
@when("读取二十张银行卡，并在主机侧的全部字节和日志中检索其卡号")
def read_bank_cards(sampler: Sampler, card_deck: CardDeck, chance: Random) -> None:
    """Numbers with 16 and with 19 digits, on chip and on stripe."""
    bench = sampler.run.bench
    deck = [card_deck.draw(Medium.BANK_CARD, "contactless", chance) for _ in range(CONTACTLESS)]
    deck += [card_deck.draw(Medium.BANK_CARD, "stripe", chance) for _ in range(STRIPES)]
    keyboard = bench.open_keyboard() if bench.file.keyboard is not None else None
    read = 0
    try:
        with bench.cards.overhear() as heard, bench.cards.session() as session:
            desk = Desk(sampler.run, session)
            for medium in deck:
                desk.show((medium, None))
                found = _handed_over(session)
                read += _record_card(sampler, medium, found + desk.clear())
                sampler.step(len(deck))
        typed = "" if keyboard is None else keyboard.keystrokes(0.2).text
    finally:
        if keyboard is not None:
            keyboard.close()
    _record_findings(sampler, deck, read, [*heard, ("keyboard", typed.encode())])


def _handed_over(session: CardSession) -> list[CardRecord | CardTrouble]:
    """What comes until a bank card was read or could not be, or until nothing comes any more."""
    found: list[CardRecord | CardTrouble] = []
    while (one := session.next(ANSWER_S)) is not None:
        found.append(one)
        if isinstance(one, CardTrouble) or one.medium is Medium.BANK_CARD:
            break
    return found


def _record_card(sampler: Sampler, medium: CardInHand, found: Sequence[CardRecord | CardTrouble]) -> bool:
    """Record whether a bank card was read, and the digits of every record of one, however late; whether it was."""
    assert medium.placed is not None
    records = [one for one in found if isinstance(one, CardRecord) and one.medium is Medium.BANK_CARD]
    told = [f"{one.medium.value} {one.masked}" if isinstance(one, CardRecord) else one.text for one in found]
    sampler.observe(
        "bank_card",
        "read" if records else "not_read",
        cell={"place": medium.placed.place},
        journal=next((one.journal for one in found), None),
        detail={} if records else {"delivered": " | ".join(told) or "nothing"},
    )
    for record in records:
        _record_digits(sampler, medium, record)
    return bool(records)


def _record_digits(sampler: Sampler, medium: CardInHand, found: CardRecord) -> None:
    cell: dict[str, str | float] = {"link": found.channel}
    detail: dict[str, str | float] = {"number": medium.parts["number"]}
    for measure, value in (("pan_leading_digits", found.leading), ("pan_trailing_digits", found.trailing)):
        sampler.observe(measure, value, cell=cell, journal=found.journal, detail=detail)


def _record_findings(sampler: Sampler, deck: list[CardInHand], read: int, heard: list[tuple[str, bytes]]) -> None:
    logs = sampler.run.bench.terminal_logs
    places: dict[str, int] = {}
    for medium in deck:
        for what, where in (*numbers_in_bytes(medium.secrets, heard), *numbers_in_files(medium.secrets, logs)):
            key = f"{what}: {where}"
            places[key] = places.get(key, 0) + 1
    for place, count in places.items():
        sampler.observe("clear_pan_or_track2", count, detail={"found": place, "cards_read": read})
    if not places:
        sampler.observe("clear_pan_or_track2", 0, detail={"cards_read": read})
    if not logs:
        id_ = sampler.requirement.id
        zh = f"{id_}：试验台未声明终端软件的日志（[cards] logs），未检索任何文件"
        en = f"{id_}: the bench names no logs of the terminal's software ([cards] logs), so no file was searched"
        sampler.run.remarks.append(Text(zh=zh, en=en))
