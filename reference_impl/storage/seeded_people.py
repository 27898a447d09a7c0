"""Who is seeded: synthetic people of region 439900, each following from a seed and a number alone.

They are born between 1890 and 1939, so that no test meets them by chance.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from reference_impl.cards.documents import SYNTHETIC_REGION
from reference_impl.cards.issuance import APP, CHANNELS_OF
from reference_impl.cards.numbers.mod_11_2 import check_digit
from reference_impl.cards.numbers.resident import sex
from reference_impl.cards.persons import IDENTITY_FIELDS

_FIRST_DAY = date(1890, 1, 1)
_DAYS = (date(1940, 1, 1) - _FIRST_DAY).days
_SEQUENCES = 1000
PEOPLE = _DAYS * _SEQUENCES
"""As many different people there are; a seed says with which of them to begin."""

_SCATTER = 48_271
"""A factor without a divisor in common with ``PEOPLE``: neighbours are born far apart."""
_SEED_STEP = 1_000_003
_FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_GIVEN = "合成测试样例甲乙丙丁戊己庚辛壬癸"
_NOTHING_MORE = dict.fromkeys(IDENTITY_FIELDS, "")


class SeededPerson(NamedTuple):
    """One person; ``channel`` is the one their card is asked for through."""

    id_no: str
    name: str
    born: date
    channel: str

    @property
    def text(self) -> bytes:
        """What a document of theirs is hashed from, as ``documents.Document.person_text``."""
        return b"01|" + self.id_no.encode()

    @property
    def identity(self) -> dict[str, str]:
        """Every identity field as registration would store it."""
        return _NOTHING_MORE | {
            "id_type": "01",
            "id_no": self.id_no,
            "name": self.name,
            "gender": sex(self.id_no),
            "birthday": self.born.isoformat(),
        }


def seeded_person(seed: int, number: int) -> SeededPerson:
    """Return person ``number`` (from 0, less than ``PEOPLE``) of a seed; further numbers begin anew."""
    place = (number + seed * _SEED_STEP) * _SCATTER % PEOPLE
    born = _FIRST_DAY + timedelta(days=place % _DAYS)
    body = f"{SYNTHETIC_REGION}{born.isoformat().replace('-', '')}{place // _DAYS:03d}"
    channels = CHANNELS_OF[APP]
    return SeededPerson(body + check_digit(body), _name(place), born, channels[place % len(channels)])


def _name(place: int) -> str:
    family, place = _FAMILY[place % len(_FAMILY)], place // len(_FAMILY)
    return family + _GIVEN[place % len(_GIVEN)] + _GIVEN[place // len(_GIVEN) % len(_GIVEN)]
