"""Kinds of answers: what may be typed, and why something else is refused. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from rigs.roles.operator import Bilingual, WrongAnswerError

_DONE = frozenset(("", "done", "ok", "y", "yes", "完成", "好", "好了", "是"))
_YES = frozenset(("y", "yes", "是", "是的", "有", "对"))
_NO = frozenset(("n", "no", "否", "不", "不是", "没有", "无"))
_SKIP = re.compile(r"(?:skip|跳过)(?:[\s:：,，]+(?P<why>.*))?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Done:
    """The person has done what was asked."""

    @property
    def hint(self) -> Bilingual:
        """What may be typed."""
        return Bilingual("完成后按回车", "press Enter when it is done")

    def read(self, typed: str) -> None:
        """Nothing but that it is done."""
        if plain(typed) not in _DONE:
            raise WrongAnswerError(Bilingual(f"{typed!r} 无法识别", f"{typed!r} is not understood"))


@dataclass(frozen=True, slots=True)
class YesNo:
    """Yes or no."""

    @property
    def hint(self) -> Bilingual:
        """What may be typed."""
        return Bilingual("是 / 否（y / n）", "y or n")

    def read(self, typed: str) -> bool:
        """Whether it is yes."""
        word = plain(typed)
        if word not in _YES | _NO:
            raise WrongAnswerError(Bilingual(f"{typed!r} 既不是“是”也不是“否”", f"{typed!r} is neither yes nor no"))
        return word in _YES


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a unit.

    Attributes:
        unit: the unit, ``1`` where there is none.
        low: the least that can be right.
        high: the most that can be right.
    """

    unit: str
    low: float
    high: float

    @property
    def hint(self) -> Bilingual:
        """What may be typed."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        span = f"{self.low:g} … {self.high:g}{unit}"
        return Bilingual(f"数值，{span}", f"a number, {span}")

    def read(self, typed: str) -> float:
        """The number; its unit may be typed behind it."""
        digits = plain(typed)
        if self.unit != "1":
            digits = digits.removesuffix(plain(self.unit)).strip()
        try:
            value = float(digits)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise WrongAnswerError(Bilingual(f"{typed!r} 不是数值", f"{typed!r} is not a number"))
        if not self.low <= value <= self.high:
            raise WrongAnswerError(
                Bilingual(
                    f"{value:g} 不在 {self.low:g} 至 {self.high:g} 之间",
                    f"{value:g} is not between {self.low:g} and {self.high:g}",
                )
            )
        return value


@dataclass(frozen=True)
class Choice:
    """One of several things.

    Attributes:
        options: the words of each, by the key that is returned.
    """

    options: Mapping[str, Bilingual]

    @property
    def hint(self) -> Bilingual:
        """What may be typed."""
        numbered = list(enumerate(self.options.values(), 1))
        return Bilingual(
            "；".join(f"{number} {words.zh}" for number, words in numbered),
            "; ".join(f"{number} {words.en}" for number, words in numbered),
        )

    def read(self, typed: str) -> str:
        """The key of the option typed: by its number, its key or its words."""
        word = plain(typed)
        for number, (key, words) in enumerate(self.options.items(), 1):
            if word in (str(number), plain(key), plain(words.zh), plain(words.en)):
                return key
        count = len(self.options)
        raise WrongAnswerError(
            Bilingual(f"{typed!r} 不是选项，请输入 1 至 {count}", f"{typed!r} is no option; type 1 to {count}")
        )


@dataclass(frozen=True, slots=True)
class Matching:
    """A text of a given form.

    Attributes:
        pattern: regular expression the whole text must match.
        form: the form in words.
    """

    pattern: str
    form: Bilingual

    @property
    def hint(self) -> Bilingual:
        """What may be typed."""
        return self.form

    def read(self, typed: str) -> str:
        """The text, without blanks around it, full-width letters and digits made plain."""
        text = unicodedata.normalize("NFKC", typed).strip()
        if re.fullmatch(self.pattern, text) is None:
            raise WrongAnswerError(
                Bilingual(f"{typed!r} 不符合格式：{self.form.zh}", f"{typed!r} is not of the form: {self.form.en}")
            )
        return text


def declined(typed: str) -> str | None:
    """Why the person declines, empty where no reason is given; None for any other answer."""
    found = _SKIP.fullmatch(typed.strip())
    return None if found is None else (found["why"] or "").strip()


def plain(typed: str) -> str:
    """A word as it is compared: full-width made plain, no blanks around it, no capitals."""
    return unicodedata.normalize("NFKC", typed).strip().casefold()
