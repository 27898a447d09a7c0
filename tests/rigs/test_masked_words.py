"""What devices, tools and people say is written down without the numbers of people, and commands without arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

from rigs.bench_tables.traces import TracesTable
from rigs.bench_tables.usb import UsbTable
from rigs.drivers.traces import MachineTraces
from rigs.drivers.update_command import CommandUpdater, Images, Signs
from rigs.drivers.usb import CommandUsbPort, UsbCommands
from rigs.errors import OperatorDeclinedError, RigError
from rigs.journal import Journal
from rigs.masked_words import masked_words
from rigs.operators.answers import Choice, Matching
from rigs.operators.checker import OperatorChecker
from rigs.operators.scripted import ScriptedOperator, ScriptedQuestion
from rigs.roles.operator import Bilingual

PERSON = "43990019900307004X"
PASSWORD = "geheim"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"张三 {PERSON} 核验通过", "张三 ****************** 核验通过"),
        ("439900 1990 0307 0041 ok", "********************* ok"),
        ("card 6228480402564890018!", "card *******************!"),
        ("2026-11-27 18:40:05 code 107, V1.23", "2026-11-27 18:40:05 code 107, V1.23"),
        ("请重新出示 43:1:ABC", "请重新出示 ********"),
    ],
)
def test_long_numbers_and_secrets_are_masked_whole_and_the_rest_stays(said, kept):
    assert masked_words(said, "43:1:ABC") == kept


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal.jsonl") as journal:
        yield journal


def written(journal: Journal, tmp_path: Path) -> str:
    journal.flush()
    return (tmp_path / "journal.jsonl").read_text(encoding="utf-8")


def person(journal: Journal, *lines: str | list[str]) -> ScriptedOperator:
    return ScriptedOperator([ScriptedQuestion(asks="", answer=line) for line in lines], "script", journal, 5)


def test_what_a_person_reads_off_a_screen_is_written_down_masked(journal, tmp_path):
    operator = person(journal, "error", f"CODE-7 of {PERSON} has run out")
    told = OperatorChecker(operator).check("CODE-7")
    assert told.message == "****** of ****************** has run out"
    assert PERSON not in written(journal, tmp_path)
    assert "answered" in written(journal, tmp_path)


def test_what_is_no_answer_or_declines_is_written_down_masked_too(journal, tmp_path):
    operator = person(journal, [PERSON, f"skip {PERSON} has gone"])
    with pytest.raises(OperatorDeclinedError) as caught:
        operator.ask(Bilingual("?", "?"), Choice({"a": Bilingual("甲", "a")}))
    assert PERSON not in written(journal, tmp_path) + str(caught.value)


def test_what_is_answered_is_handed_on_whole(journal):
    assert person(journal, PERSON).ask(Bilingual("?", "?"), Matching(r".+", Bilingual("号", "number"))).value == PERSON


def test_the_words_of_an_update_tool_are_masked(journal, tmp_path):
    image = tmp_path / "image.bin"
    image.write_bytes(b"image")
    signs = Signs((0,)), Signs((1,))
    command = ("sh", "-c", f"echo installed for {PERSON}", "{image}")
    updater = CommandUpdater(
        command, Images(image), accepted=signs[0], refused=signs[1], folder=tmp_path, journal=journal, timeout_s=10
    )
    assert updater.offer(b"image").words == "installed for ******************"
    assert PERSON not in written(journal, tmp_path)


def test_commands_at_the_plug_are_told_by_their_programs(journal, tmp_path):
    commands = UsbCommands(unplug="true", plug=f"true --password {PASSWORD}", suspend=f"false {PASSWORD}")
    usb = CommandUsbPort(tmp_path / "port", commands, None, journal)
    usb.plug()
    with pytest.raises(RigError) as failed:
        usb.suspend()
    assert "`suspend` of [usb]" in str(failed.value)
    assert PASSWORD not in written(journal, tmp_path)
    assert '"program":"true"' in written(journal, tmp_path)


def test_a_command_that_does_not_end_is_not_quoted(journal, tmp_path, monkeypatch):
    monkeypatch.setattr("rigs.drivers.usb.COMMAND_S", 0.05)
    monkeypatch.setattr("rigs.drivers.traces.COMMAND_S", 0.05)
    waits = f"sh -c 'sleep 5' {PASSWORD}"
    usb = CommandUsbPort(tmp_path / "port", UsbCommands(waits, waits, waits), None, journal)
    with pytest.raises(RigError, match="did not end within") as failed:
        usb.plug()
    with pytest.raises(RigError, match="did not end within") as silent:
        MachineTraces((), waits + " {folder}", journal).files(tmp_path)
    assert PASSWORD not in str(failed.value) + str(silent.value) + written(journal, tmp_path)


def test_an_export_whose_quotes_do_not_close_is_the_benchs_fault(journal, tmp_path):
    with pytest.raises(RigError, match="No closing quotation"):
        MachineTraces((), "dump ' {folder}", journal).files(tmp_path)


def test_reports_show_the_programs_of_a_bench_and_no_arguments():
    traces = TracesTable(export=f"/opt/vendor/dump --password {PASSWORD} {{folder}}")
    usb = UsbTable(driver="command", unplug=f"hub {PASSWORD}", plug="/usr/bin/hub on", suspend="rtcwake -s 10")
    assert traces.shown()["export"] == "dump"
    assert [usb.shown()[name] for name in ("unplug", "plug", "suspend")] == ["hub", "hub", "rtcwake"]
    assert PASSWORD not in str(traces.shown()) + str(usb.shown())
