"""A terminal that checks codes itself as a person serves it: its clock set by hand, its screen read aloud."""

from __future__ import annotations

from rigs.masked_words import masked_words
from rigs.operators.answers import Choice, Done, Matching
from rigs.roles import Bilingual, Operator
from rigs.roles.security import CheckTold

_RIGHT = Bilingual(
    "将被测终端的时钟校准到与本机一致（误差不超过 1 秒），然后确认。",
    "Set the clock of the terminal under test to this machine's, to a second, and confirm.",
)
_SCREEN = Bilingual(
    "终端刚刚识读了动态码。它向窗口显示了什么？",
    "The terminal has just read a dynamic code. What did it show the window?",
)
_OUTCOMES = Choice(
    {
        "accepted": Bilingual("核验通过", "accepted"),
        "refused": Bilingual("码无效", "code refused"),
        "error": Bilingual("错误提示", "an error"),
        "nothing": Bilingual("没有任何提示", "nothing"),
    }
)
_WORDS = Bilingual("逐字输入错误提示。", "Type the words of the error.")
_ANY_WORDS = Matching(r".{1,200}", Bilingual("屏幕上的文字", "the words on the screen"))


class OperatorChecker:
    """A person sets the clock to a second and reads what the screen shows.

    Args:
        operator: the person.
    """

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    def set_clock(self, ahead_s: float) -> None:
        """Ask for the clock to be set."""
        self._operator.ask(_RIGHT if not round(ahead_s) else _wrong_by(round(ahead_s)), Done())

    def check(self, code: str) -> CheckTold:
        """Ask what the screen shows of the code the terminal has read last."""
        shown = self._operator.ask(_SCREEN, _OUTCOMES)
        if shown.value != "error":
            return CheckTold(shown.value, "", shown.journal)
        words = self._operator.ask(_WORDS, _ANY_WORDS)
        return CheckTold(shown.value, masked_words(words.value, code), (shown.journal[0], words.journal[1]))

    def close(self) -> None:
        """The clock stays as the person left it."""


def _wrong_by(ahead_s: int) -> Bilingual:
    zh, en = ("快", "ahead of") if ahead_s > 0 else ("慢", "behind")
    seconds = abs(ahead_s)
    return Bilingual(
        f"将被测终端的时钟拨{zh} {seconds} 秒（相对本机，误差不超过 1 秒），然后确认。",
        f"Set the clock of the terminal under test {seconds} s {en} this machine's, to a second, and confirm.",
    )
