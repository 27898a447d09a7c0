"""Opens the operator, and gives a scripted one hands where the bench emulates what a person would touch."""

from __future__ import annotations

from rigs.bench_tables.operator import OperatorTable
from rigs.opening.opening import Opening
from rigs.operators.scripted import Hand, ScriptedOperator, load_script
from rigs.operators.terminal import TerminalOperator
from rigs.roles import Operator


def open_operator(table: OperatorTable, opening: Opening) -> Operator:
    """The operator of a bench.

    Raises:
        RigError: there is no terminal to ask a person at.
        BenchFileError: the script is wrong.
    """
    if table.script is not None:
        script = load_script(table.script)
        operator: Operator = ScriptedOperator(script.question, str(table.script), opening.journal, table.timeout_s)
    else:
        operator = TerminalOperator(table.console, table.language, opening.journal, table.timeout_s)
    opening.closing.callback(operator.close)
    return operator


def give_hand(operator: Operator | None, name: str, hand: Hand) -> None:
    """Let the ``hand`` of this name in a script do something to an emulated part; a person has hands already."""
    if isinstance(operator, ScriptedOperator):
        operator.has_hand(name, hand)
