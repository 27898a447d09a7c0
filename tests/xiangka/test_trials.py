"""The harness on trial by a command: what is tried where, what is recorded, how a trial cut short goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from shell import one_line

import xiangka.defect_trial
import xiangka.seed_trial
import xiangka.trial_file
from certification.catalogue import SubjectKind, Text, load_catalogue
from certification.false_alarms import SeedRecord
from certification.kill_rate import DefectRecord
from certification.statistics import upper_bound
from certification.trial_record import MadeWith
from certification.verdicts import Verdict
from rigs.emulators.defects.table import DEFECTS
from xiangka.asked import DEFAULT_BENCH
from xiangka.bench_choice import BENCHES, bench_for, executed_on
from xiangka.cli import main
from xiangka.defect_trial import PANEL
from xiangka.trial_run import Tried

WRONG_INPUT = 4
NOBODY = Text(zh="无", en="none")
KNOWN = {
    "terminal": {
        "hides-firmware": (("EHC-TRM-001",), NOBODY),
        "red-lit": (("EHC-TRM-007",), NOBODY),
        "colour-shy": (("EHC-TRM-007",), NOBODY),
    },
    "platform": {"skips-check-digit": (("EHC-PLT-003",), NOBODY)},
}


class Runs:
    """Stands in for runs of ``xiangka certify``: answers as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.misses: set[str] = set()
        self.alarms: dict[str, str] = {}
        self.stop_after: int | None = None

    def __call__(self, arguments: list[str]) -> Tried:
        if self.stop_after is not None and len(self.asked) >= self.stop_after:
            raise KeyboardInterrupt
        self.asked.append(arguments)
        if "--defect" in arguments:
            name = arguments[arguments.index("--defect") + 1]
            rows = arguments[arguments.index("--only") + 1 :]
            (fails,) = [of_kind[name][0] for of_kind in KNOWN.values() if name in of_kind]
            said = {row: "FAIL" if row in fails and name not in self.misses else "PASS" for row in rows}
        else:
            said = dict.fromkeys(("EHC-TRM-001", "EHC-TRM-003"), "PASS")
        said |= self.alarms
        return Tried({row: Verdict(word) for row, word in said.items()}, 1.5, None)

    @property
    def defects(self) -> list[str]:
        return [arguments[arguments.index("--defect") + 1] for arguments in self.asked]


@pytest.fixture
def runs(monkeypatch, tmp_path):
    stand_in = Runs()
    monkeypatch.chdir(tmp_path)
    for module in (xiangka.defect_trial, xiangka.seed_trial):
        monkeypatch.setattr(module, "try_once", stand_in)
    monkeypatch.setattr(xiangka.defect_trial, "known_defects", lambda: KNOWN)
    monkeypatch.setattr("xiangka.interruption.interrupt_once", lambda: None)
    return stand_in


def defects(*more: str) -> int:
    return main(["trial", "defects", "--out", "kill.json", *more])


def record() -> DefectRecord:
    return DefectRecord.parse(Path("kill.json").read_text(encoding="utf-8"), "kill.json")


def test_every_defect_is_tried_on_a_bench_of_its_kind_beside_a_panel(runs, capsys):
    assert defects() == 0
    assert runs.defects == ["hides-firmware", "red-lit", "colour-shy", "skips-check-digit"]
    assert [Path(arguments[1]).name for arguments in runs.asked] == ["emulated-gm65.toml"] * 3 + [
        "reference-platform.toml"
    ]
    for arguments in runs.asked:
        rows = set(arguments[arguments.index("--only") + 1 :])
        kind = SubjectKind.PLATFORM if "skips-check-digit" in arguments else SubjectKind.TERMINAL
        assert set(PANEL[kind]) <= rows
    said = capsys.readouterr()
    assert "4/4" in said.out
    assert "[4/4] skips-check-digit" in said.err
    assert list(Path().iterdir()) == [Path("kill.json")]
    written = json.loads(Path("kill.json").read_text(encoding="utf-8"))
    assert written["requirements"]["EHC-TRM-007"] == {"caught": 2, "defects": 2, "exact": 2}
    assert written["made_with"].keys() == {"xiangka", "catalogue", "commit"}
    assert written["date"]


def test_a_defect_that_slips_through_and_one_that_breaks_other_rows_are_told_apart(runs, capsys):
    runs.misses = {"colour-shy"}
    runs.alarms = {"EHC-TRM-010": "INCONCLUSIVE"}
    assert defects("--only", "EHC-TRM-007") == 1
    assert runs.defects == ["red-lit", "colour-shy"]
    rate = record().of("EHC-TRM-007")
    assert (rate.caught, rate.defects, rate.exact) == (1, 2, 0)
    said = capsys.readouterr().err
    assert "漏检 missed" in said
    assert "beside it: EHC-TRM-010 INCONCLUSIVE" in said


def test_a_trial_that_was_cut_short_goes_on_and_tries_nothing_twice(runs, capsys):
    runs.stop_after = 2
    assert defects() == 2
    assert not Path("kill.json").exists()
    runs.stop_after = None
    assert defects() == WRONG_INPUT
    assert "--resume" in one_line(capsys.readouterr().err.splitlines()[-1])
    assert defects("--resume") == 0
    assert runs.defects == ["hides-firmware", "red-lit", "colour-shy", "skips-check-digit"]
    assert record().total().defects == 4
    assert list(Path().iterdir()) == [Path("kill.json")]
    assert defects("--resume") == WRONG_INPUT
    assert "there is no trial to go on with" in capsys.readouterr().err


def test_a_trial_goes_on_only_with_the_version_it_began_with(runs, monkeypatch, capsys):
    runs.stop_after = 1
    defects()
    runs.stop_after = None
    other = MadeWith(xiangka="9", catalogue="9", commit="9")
    monkeypatch.setattr(xiangka.trial_file, "made_with", lambda: other)
    capsys.readouterr()
    assert defects("--resume") == WRONG_INPUT
    assert "this is Xiangka 9" in one_line(capsys.readouterr().err)


def test_a_trial_of_defects_goes_on_only_on_the_bench_and_for_the_rows_it_began_with(runs, capsys):
    runs.stop_after = 1
    defects()
    runs.stop_after = None
    for other in (["--only", "EHC-TRM-007"], ["--bench", str(BENCHES / "emulated-newland.toml")]):
        capsys.readouterr()
        assert defects("--resume", *other) == WRONG_INPUT
        assert "is a trial of all defects on the benches that can assess them" in one_line(capsys.readouterr().err)
    assert len(runs.asked) == 1
    assert defects("--resume") == 0
    assert record().total().defects == 4


def test_an_unfinished_record_that_is_no_text_is_told_in_one_line(runs, capsys):
    Path("kill.json.unfinished").write_bytes(b"\xff\xfe\x00")
    assert defects("--resume") == WRONG_INPUT
    assert "it is no text" in one_line(capsys.readouterr().err)
    assert runs.asked == []


@pytest.mark.parametrize("folder", ["kill.json", "."])
def test_a_folder_in_place_of_the_record_is_told_before_anything_is_tried(folder, runs, capsys):
    Path(folder).mkdir(exist_ok=True)
    assert main(["trial", "defects", "--out", folder]) == WRONG_INPUT
    assert "is a folder" in one_line(capsys.readouterr().err)
    assert runs.asked == []


def test_a_record_that_cannot_be_put_in_its_place_stays_where_it_is(runs, monkeypatch, capsys):
    told = xiangka.defect_trial._told

    def in_the_way(trial):
        Path("kill.json").mkdir(exist_ok=True)
        return told(trial)

    monkeypatch.setattr(xiangka.defect_trial, "_told", in_the_way)
    assert defects("--only", "EHC-TRM-001") == WRONG_INPUT
    assert "kill.json.unfinished is the whole record" in one_line(capsys.readouterr().err.splitlines()[-1])
    assert Path("kill.json.unfinished").is_file()


def test_a_finished_record_is_replaced_by_a_new_trial_only_when_that_is_finished(runs):
    defects()
    before = Path("kill.json").read_bytes()
    runs.stop_after = len(runs.asked) + 1
    defects()
    assert Path("kill.json").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--only", "EHC-TRM-999"], "did you mean"),
        (["--only", "EHC-OPS-001"], "no defect names any"),
    ],
)
def test_a_wrong_choice_is_told_in_one_line(arguments, named, runs, capsys):
    assert defects(*arguments) == WRONG_INPUT
    assert named in one_line(capsys.readouterr().err)
    assert runs.asked == []


def test_a_defect_no_bench_can_show_is_recorded_as_not_tried_and_not_as_caught(runs, monkeypatch):
    monkeypatch.setattr(xiangka.defect_trial, "bench_for", lambda kind, rows: None)
    assert defects("--only", "EHC-TRM-001") == 1
    (trial,) = record().trials
    assert (trial.caught, trial.exact, trial.verdicts) == (False, False, {})
    assert "no bench" in trial.why_not


def test_a_row_that_was_not_decided_says_nothing_of_its_defect(runs):
    runs.alarms = {"EHC-TRM-001": "RIG_ERROR"}
    assert defects("--only", "EHC-TRM-001") == 1
    (trial,) = record().trials
    assert (trial.caught, trial.why_not) == (False, "EHC-TRM-001 RIG_ERROR")


def seeds(*more: str) -> int:
    return main(["trial", "seeds", "--runs", "5", "--out", "seeds.json", *more])


def test_seeds_are_counted_with_their_exact_bound(runs, capsys):
    assert seeds() == 0
    assert [arguments[arguments.index("--seed") + 1] for arguments in runs.asked] == ["1", "2", "3", "4", "5"]
    found = SeedRecord.parse(Path("seeds.json").read_text(encoding="utf-8"), "seeds.json")
    assert (found.runs.runs, found.runs.alarms) == (5, 0)
    assert found.requirements["EHC-TRM-003"].at_most == pytest.approx(1 - 0.05 ** (1 / 5))
    assert "0/5" in capsys.readouterr().out


def test_a_false_alarm_and_an_undecided_row_are_counted_apart(runs):
    runs.alarms = {"EHC-TRM-003": "FAIL", "EHC-TRM-001": "INCONCLUSIVE"}
    assert seeds() == 1
    found = json.loads(Path("seeds.json").read_text(encoding="utf-8"))
    assert found["requirements"]["EHC-TRM-003"]["alarms"] == 5
    assert found["requirements"]["EHC-TRM-003"]["at_most"] == 1.0
    assert (found["requirements"]["EHC-TRM-001"]["runs"], found["requirements"]["EHC-TRM-001"]["undecided"]) == (0, 5)
    assert found["runs"]["alarms"] == 5


def test_a_trial_of_seeds_goes_on_too_but_not_as_another(runs, capsys):
    runs.stop_after = 3
    assert seeds() == 2
    runs.stop_after = None
    assert seeds("--resume", "--plan", "full") == WRONG_INPUT
    assert "quick plan" in capsys.readouterr().err
    assert seeds("--resume") == 0
    assert len(runs.asked) == 5


def test_a_wrong_number_of_runs_or_plan_is_refused(runs, capsys):
    assert main(["trial", "seeds", "--runs", "0", "--out", "s.json"]) == WRONG_INPUT
    assert seeds("--plan", "fast") == WRONG_INPUT
    assert "there is no plan 'fast'" in capsys.readouterr().err
    assert list(Path().iterdir()) == []


def test_the_exact_upper_bound_is_that_of_clopper_and_pearson():
    assert upper_bound(0, 100, 0.95) == pytest.approx(0.029513, abs=1e-6)
    one = upper_bound(1, 100, 0.95)
    assert (1 - one) ** 100 + 100 * one * (1 - one) ** 99 == pytest.approx(0.05)
    assert upper_bound(0, 0, 0.95) == 1.0


@pytest.mark.parametrize("name", sorted(DEFECTS))
def test_there_is_a_bench_for_every_defect_of_a_terminal(name):
    bench = bench_for(SubjectKind.TERMINAL, DEFECTS[name].requirements)
    assert bench is not None
    assert set(DEFECTS[name].requirements) <= executed_on(bench, SubjectKind.TERMINAL)


def test_the_default_bench_is_taken_where_it_can_and_none_for_what_nobody_can():
    assert bench_for(SubjectKind.TERMINAL, ["EHC-TRM-003"]) == DEFAULT_BENCH
    assert bench_for(SubjectKind.PLATFORM, ["EHC-PLT-003"]) == BENCHES / "reference-platform.toml"
    assert bench_for(SubjectKind.TERMINAL, ["EHC-TRM-034"]) is None
    assert "EHC-TRM-034" in load_catalogue()


@pytest.mark.nightly
def test_a_real_defect_is_caught_by_a_real_run(tmp_path):
    out = tmp_path / "kill.json"
    assert main(["trial", "defects", "--only", "EHC-TRM-001", "--out", str(out)]) == 0
    (trial,) = DefectRecord.parse(out.read_text(encoding="utf-8"), str(out)).trials
    assert (trial.caught, trial.exact, trial.bench) == (True, True, "emulated-gm65.toml")
