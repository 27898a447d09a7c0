"""A person in place of a programmable clock: what is asked, and what becomes of the answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from rigs.bench_file import load_bench
from rigs.errors import BenchFileError
from rigs.operators.checker import OperatorChecker
from rigs.roles import Answered


class Person:
    """Types one line after another, through the very kinds of answer a person at a terminal is held to."""

    def __init__(self, *lines: str) -> None:
        self.lines, self.asked = list(lines), []

    def ask(self, instruction, answer, **_):
        self.asked.append(instruction.en)
        number = 2 * len(self.asked)
        return Answered(answer.read(self.lines.pop(0)), 0, 1, (number - 1, number))


@pytest.mark.parametrize(
    ("lines", "outcome", "message"),
    [
        (["核验通过"], "accepted", ""),
        (["3", "终端时间错误"], "error", "终端时间错误"),
        (["nothing"], "nothing", ""),
        (["code refused"], "refused", ""),
    ],
)
def test_what_the_screen_showed_is_told_by_the_person(lines, outcome, message):
    person = Person(*lines)
    told = OperatorChecker(person).check("code")
    assert (told.outcome, told.message, told.journal) == (outcome, message, (1, 2 * len(person.asked)))


@pytest.mark.parametrize(
    ("ahead_s", "words"), [(62.0, "62 s ahead of"), (-600.0, "600 s behind"), (0.2, "to this machine's, to a second")]
)
def test_the_clock_is_set_to_a_second(ahead_s, words):
    person = Person("")
    OperatorChecker(person).set_clock(ahead_s)
    assert words in person.asked[0]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('driver = "operator"\nurl = "socket://127.0.0.1:1"', "a person serves it"),
        ('driver = "operator"', "add a table [operator]"),
        ('driver = "json-line"', "needs either `url`"),
    ],
)
def test_a_table_that_names_no_terminal_or_two_is_refused(table, said, tmp_path):
    file = tmp_path / "bench.toml"
    text = Path("rigs/benches/emulated-security.toml").read_text(encoding="utf-8")
    whole = '[checker]\ndriver = "json-line"\n\n[checker.emulated]\n'
    assert whole in text
    file.write_text(text.replace(whole, f"[checker]\n{table}\n"), encoding="utf-8")
    with pytest.raises(BenchFileError) as caught:
        load_bench(file)
    assert said in str(caught.value)
