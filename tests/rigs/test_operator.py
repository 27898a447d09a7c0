"""The operator as a driver: answers checked and asked again, at a real pseudo-terminal and from a script."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rigs.errors import BenchFileError, OperatorDeclinedError, OperatorTimeoutError, RigError
from rigs.journal import Journal
from rigs.operators.answers import Choice, Done, Matching, Number, YesNo, declined
from rigs.operators.scripted import ScriptedOperator, ScriptedQuestion, load_script
from rigs.operators.terminal import TerminalOperator
from rigs.roles.operator import Bilingual, WrongAnswerError

UNPLUG = Bilingual("拔下终端的电源", "unplug the terminal's supply")
SIDES = Choice({"front": Bilingual("正面", "front"), "back": Bilingual("背面", "back")})
SERIAL = Matching(r"[A-Z]{2}\d{4}", Bilingual("两个大写字母和四位数字", "two capital letters and four digits"))


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        (Done(), "", None),
        (Done(), " 完成 ", None),
        (YesNo(), "是", True),
        (YesNo(), "N", False),
        (Number("mm", 0, 200), "12.5", 12.5),
        (Number("mm", 0, 200), "１２．５ mm", 12.5),
        (Number("1", 0, 200), "11", 11),
        (Number("lx", 0, 200), "2e2LX", 200),
        (SIDES, "2", "back"),
        (SIDES, "正面", "front"),
        (SIDES, "BACK", "back"),
        (SERIAL, " ＡＢ0042 ", "AB0042"),
    ],
)
def test_an_answer_becomes_a_value(kind, typed: str, value: object) -> None:
    assert kind.read(typed) == value


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (Done(), "nearly"),
        (YesNo(), ""),
        (YesNo(), "maybe"),
        (Number("mm", 0, 200), ""),
        (Number("mm", 0, 200), "nan"),
        (Number("mm", 0, 200), "inf"),
        (Number("mm", 0, 200), "200.1"),
        (Number("mm", 0, 200), "-1"),
        (Number("mm", 0, 200), "12 lx"),
        (SIDES, "3"),
        (SIDES, "0"),
        (SERIAL, "AB42"),
        (SERIAL, "AB0042X"),
    ],
)
def test_what_is_no_answer_is_refused_in_both_languages(kind, typed: str) -> None:
    with pytest.raises(WrongAnswerError) as caught:
        kind.read(typed)
    assert caught.value.reason.zh
    assert caught.value.reason.en
    assert kind.hint.zh
    assert kind.hint.en


def test_declining_is_told_from_every_answer() -> None:
    assert declined("skip") == ""
    assert declined(" 跳过：没有梯子") == "没有梯子"
    assert declined("Skip no ladder") == "no ladder"
    assert declined("skipper") is None
    assert declined("") is None


class Person:
    """Whoever sits at the other end of a pseudo-terminal."""

    def __init__(self) -> None:
        self.hand, self.seat = pty.openpty()
        self.console = os.ttyname(self.seat)
        self.seen = ""

    def types(self, text: str) -> None:
        os.write(self.hand, text.encode())

    def sees(self, expression: str, within_s: float = 20) -> str:
        """Wait until something stands on the screen; what is there, without colours."""
        deadline = time.monotonic() + within_s
        while not re.search(expression, self.screen):
            left = deadline - time.monotonic()
            assert left > 0, self.screen
            if select.select([self.hand], [], [], left)[0]:
                self.seen += os.read(self.hand, 65536).decode("utf-8", "replace")
        return self.screen

    @property
    def screen(self) -> str:
        return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", self.seen)

    def forgets(self) -> None:
        self.seen = ""

    def leaves(self) -> None:
        for end in (self.hand, self.seat):
            with contextlib.suppress(OSError):
                os.close(end)


@pytest.fixture
def person() -> Iterator[Person]:
    sitting = Person()
    yield sitting
    sitting.leaves()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.jsonl") as journal:
        yield journal


def told(journal: Journal, tmp_path: Path) -> list[dict]:
    journal.flush()
    return [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]


class Asking:
    """A question put in the background, so that the test can be the person meanwhile."""

    def __init__(self, ask: Callable[[], object]) -> None:
        self.answer: object = None
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(ask,))
        self._thread.start()

    def _run(self, ask: Callable[[], object]) -> None:
        try:
            self.answer = ask()
        except BaseException as error:
            self.error = error

    def over(self):
        self._thread.join(30)
        assert not self._thread.is_alive()
        if self.error is not None:
            raise self.error
        return self.answer


@contextlib.contextmanager
def at(person: Person, journal: Journal, language: str = "zh", timeout_s: float = 60) -> Iterator[TerminalOperator]:
    operator = TerminalOperator(person.console, language, journal, timeout_s)
    yield operator
    operator.close()


def test_a_person_is_asked_again_with_the_reason_until_the_answer_fits(
    person: Person, journal: Journal, tmp_path: Path
) -> None:
    with at(person, journal) as operator:
        asking = Asking(lambda: operator.ask(Bilingual("读取标尺", "read the rule"), Number("mm", 0, 200)))
        person.sees(r"读取标尺(.|\n)*剩余 \d+ 秒 > ")
        person.types("3O\x7f\x7f250\r")
        assert "read the rule" not in person.sees("250 不在 0 至 200 之间")
        person.forgets()
        person.sees("剩余")
        person.types("12")
        person.sees("> 12$")
        person.types("0 mm\r")
        answered = asking.over()
        person.sees("已记录")
    assert answered.value == 120
    assert answered.asked_ns < answered.t_ns
    records = told(journal, tmp_path)
    assert [record["what"] for record in records] == ["asked", "not an answer", "answered"]
    assert (records[0]["n"], records[2]["n"]) == answered.journal
    assert records[1]["typed"] == "250"
    assert records[2]["typed"] == "120 mm"


def test_english_by_a_switch(person: Person, journal: Journal) -> None:
    with at(person, journal, "en") as operator:
        asking = Asking(lambda: operator.ask(UNPLUG, Done()))
        assert "拔下" not in person.sees(r"unplug the terminal's supply(.|\n)*press Enter(.|\n)*60 s left > ")
        person.types("\r")
        assert asking.over().value is None


def test_the_countdown_goes_down_while_the_person_types_and_ends_as_not_assessed(
    person: Person, journal: Journal, tmp_path: Path
) -> None:
    with at(person, journal, timeout_s=4.2) as operator:
        asking = Asking(lambda: operator.ask(UNPLUG, YesNo()))
        person.sees(r"剩余 \d 秒 > ")
        person.types("是")
        person.sees(r"剩余 \d 秒 > 是")
        with pytest.raises(OperatorTimeoutError, match=r"did not answer within 4\.2 s: unplug") as caught:
            asking.over()
        left = [int(number) for number in re.findall(r"剩余 (\d) 秒", person.sees("超时"))]
    assert left == sorted(left, reverse=True)
    assert len(set(left)) >= 2
    assert "拔下终端的电源" in caught.value.zh
    assert told(journal, tmp_path)[-1]["what"] == "no answer in time"


def test_declining_tells_why(person: Person, journal: Journal) -> None:
    with at(person, journal) as operator:
        asking = Asking(lambda: operator.ask(UNPLUG, Done()))
        person.sees("> ")
        person.types("跳过 没有权限\r")
        with pytest.raises(OperatorDeclinedError, match="没有权限") as caught:
            asking.over()
    assert "操作员跳过（没有权限）：拔下终端的电源" in caught.value.zh


def test_a_line_typed_before_the_question_answers_nothing(person: Person, journal: Journal) -> None:
    with at(person, journal, timeout_s=1.0) as operator:
        person.types("\r\r")
        time.sleep(0.1)
        with pytest.raises(OperatorTimeoutError):
            Asking(lambda: operator.ask(UNPLUG, Done())).over()


def test_arrow_keys_type_nothing_and_two_lines_answer_two_tries(person: Person, journal: Journal) -> None:
    with at(person, journal) as operator:
        asking = Asking(lambda: operator.ask(UNPLUG, SIDES))
        person.sees("> ")
        person.types("\x1b[A\x1bOP9\r2\r")
        assert asking.over().value == "back"


def test_a_picture_is_drawn_and_its_path_told(person: Person, journal: Journal, tmp_path: Path) -> None:
    rows = np.zeros((16, 16, 3), np.uint8)
    rows[:8] = (255, 0, 0)
    picture = tmp_path / "plug.png"
    Image.fromarray(rows).save(picture)
    with at(person, journal) as operator:
        asking = Asking(lambda: operator.ask(UNPLUG, Done(), picture=picture))
        person.sees("▀{16}(.|\n)*> ")
        assert "plug.png" in re.sub(r"[│\s]", "", person.screen)
        assert "38;2;255;0;0" in person.seen
        person.types("\r")
        asking.over()


def test_the_terminal_is_left_as_it_was(person: Person, journal: Journal) -> None:
    before = termios.tcgetattr(person.seat)
    with at(person, journal) as operator:
        asking = Asking(lambda: operator.ask(UNPLUG, Done()))
        person.sees("> ")
        assert termios.tcgetattr(person.seat)[3] != before[3]
        person.types("\r")
        asking.over()
        assert termios.tcgetattr(person.seat) == before


def test_nobody_else_writes_during_a_dialogue(person: Person, journal: Journal) -> None:
    held: list[str] = []

    @contextlib.contextmanager
    def quiet() -> Iterator[None]:
        held.append("quiet")
        yield
        held.append("over")

    with at(person, journal) as operator:
        operator.around(quiet)
        asking = Asking(lambda: operator.ask(UNPLUG, Done()))
        person.sees("> ")
        assert held == ["quiet"]
        person.types("\r")
        asking.over()
    assert held == ["quiet", "over"]


def test_a_window_that_is_closed_is_the_benchs_fault(person: Person, journal: Journal) -> None:
    with at(person, journal) as operator:
        asking = Asking(lambda: operator.ask(UNPLUG, Done()))
        person.sees("> ")
        person.leaves()
        with pytest.raises(RigError, match="terminal is gone"):
            asking.over()


def test_a_terminal_that_takes_nothing_holds_nobody_up(person: Person, journal: Journal) -> None:
    """Ctrl-S stops a terminal; the question then ends with its time like any other."""
    termios.tcflow(person.seat, termios.TCOOFF)
    with at(person, journal, timeout_s=0.5) as operator:
        start = time.monotonic()
        with pytest.raises(OperatorTimeoutError):
            Asking(lambda: operator.ask(UNPLUG, Done())).over()
        assert time.monotonic() - start < 20
    termios.tcflow(person.seat, termios.TCOON)


def test_what_is_no_terminal_is_refused(tmp_path: Path, journal: Journal) -> None:
    plain = tmp_path / "file"
    plain.touch()
    for path in (str(plain), str(tmp_path / "nothing")):
        with pytest.raises(RigError, match="console"):
            TerminalOperator(path, "zh", journal, 1)


def scripted(journal: Journal, *questions: dict, timeout_s: float = 60) -> ScriptedOperator:
    return ScriptedOperator(
        [ScriptedQuestion.model_validate(question) for question in questions], "answers.toml", journal, timeout_s
    )


def test_a_script_answers_what_it_expects_and_nothing_else(journal: Journal) -> None:
    operator = scripted(journal, {"asks": "拔下.*电源", "answer": "", "times": 2}, {"asks": "unplug", "answer": "skip"})
    for _ in range(2):
        assert operator.ask(UNPLUG, Done()).value is None
    with pytest.raises(OperatorDeclinedError):
        operator.ask(UNPLUG, Done())
    with pytest.raises(RigError, match="not in the script: 拔下终端的电源 · unplug the terminal's supply") as caught:
        operator.ask(UNPLUG, Done())
    assert caught.value.where == "answers.toml"


def test_a_scripted_person_follows_the_question_and_moves_a_hand(journal: Journal) -> None:
    operator = scripted(
        journal, {"asks": r"move the phone to (\d+) mm", "answer": r"\1", "hand": r"rail \1 mm", "times": 0}
    )
    moved: list[tuple[str, ...]] = []
    operator.has_hand("rail", lambda *words: moved.append(words))
    for place in (30, 200):
        asked = Bilingual(f"把手机移到 {place} 毫米", f"move the phone to {place} mm")
        assert operator.ask(asked, Number("mm", 0, 300)).value == place
    assert moved == [("30", "mm"), ("200", "mm")]


def test_a_scripted_person_may_be_too_slow_and_then_does_nothing(journal: Journal) -> None:
    operator = scripted(journal, {"asks": "电源", "answer": "", "after_s": 5, "hand": "power off"}, timeout_s=0.05)
    moved: list[str] = []
    operator.has_hand("power", moved.append)
    with pytest.raises(OperatorTimeoutError):
        operator.ask(UNPLUG, Done())
    assert moved == []


def test_a_script_that_answers_wrongly_to_the_end_is_at_fault(journal: Journal, tmp_path: Path) -> None:
    operator = scripted(journal, {"asks": "rule", "answer": ["a lot", "12"]}, {"asks": "rule", "answer": "9999"})
    asked = Bilingual("读取标尺", "read the rule")
    assert operator.ask(asked, Number("mm", 0, 200)).value == 12
    with pytest.raises(RigError, match="no further line"):
        operator.ask(asked, Number("mm", 0, 200))
    assert [r["what"] for r in told(journal, tmp_path)][:3] == ["asked", "not an answer", "answered"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[question]]\nasks = 'x'", "answer"),
        ("[[question]]\nasks = 'x('\nanswer = ''", "regular expression"),
        ("[[question]]\nask = 'x'\nanswer = ''", "asks|ask"),
        ("question = ", "TOML"),
    ],
)
def test_a_wrong_script_is_told_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "answers.toml"
    path.write_text(text)
    with pytest.raises(BenchFileError, match=said) as caught:
        load_script(path)
    assert str(path) in str(caught.value)
