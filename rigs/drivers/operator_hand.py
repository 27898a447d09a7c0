"""The operator as the hand: told which card to put where, and to take everything away."""

from __future__ import annotations

from rigs.operators.answers import Done
from rigs.roles.cards import Hand, Placed
from rigs.roles.operator import Bilingual, Operator

_PLACES = {
    "contact": Bilingual("插入卡槽", "into the card slot"),
    "contactless": Bilingual("放到非接触感应区", "onto the contactless field"),
    "identity": Bilingual("放到身份证感应区", "onto the identity-card field"),
    "stripe": Bilingual("刷过磁条槽一次", "through the stripe reader, once"),
}


class OperatorHand(Hand):
    """A person's hand. Cards are known by what their label says.

    Args:
        operator: the person.
    """

    prompt = False

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    def put(self, *media: Placed) -> None:
        """Ask for media to be put in, together."""
        zh = "，同时".join(f"把 {one.zh} {_PLACES[one.place].zh}" for one in media)
        en = " and, at the same moment, ".join(f"put {one.en} {_PLACES[one.place].en}" for one in media)
        self._operator.ask(Bilingual(f"请{zh}", en[:1].upper() + en[1:]), Done())

    def take(self) -> None:
        """Ask for everything to be taken away."""
        self._operator.ask(Bilingual("请取走所有卡", "Take every card away"), Done())
