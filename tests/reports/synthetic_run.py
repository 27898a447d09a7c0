"""Makes run folders out of thin air: invented observations, judged by the real rules.

``python tests/reports/synthetic_run.py FOLDER [--big]`` writes one to look at.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
import segno
from synthetic_stated import stated

from certification.catalogue import VERSION, Text, load_catalogue
from certification.catalogue_file import CATALOGUE, catalogue_text
from certification.observations import Cell, Observation
from certification.options import TerminalOptions
from certification.plan import make_plan
from certification.standing import verdicts_document
from certification.subject import TerminalSubject
from certification.verdicts import Circumstance, Verdict, exit_code, judge_run, overall_verdict

RUN = "20261123-152301-ab12"
SCENARIOS = tuple(f"EHC-TRM-{n:03d}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 14, 15, 16, 17, 25, 26))
IDENTITY = {
    "vendor": "湘江智能 Xiangjiang",
    "model": "XJ-Q30",
    "serial": "XJ30-000417",
    "hardware": "V2.10",
    "firmware": "V1.23",
    "firmware_sha256": hashlib.sha256(b"firmware").hexdigest(),
    "filing_number": "检测备案〔2026〕0417 号",
}
OPTIONS = dict.fromkeys(TerminalOptions.model_fields, "no") | dict.fromkeys(
    ("serial_link", "card_code", "code_128", "symbology_tag", "white_light", "aimer", "coloured_codes"), "yes"
)
EXCHANGES = [
    f"{what} {baud}"
    for baud in (9600, 19200, 57600, 115200)
    for what in (
        "read identity",
        "bad checksum",
        "split writes 1 byte",
        "split writes 64 byte",
        "short frame",
        "unknown command",
        "NAK then retry",
        "break in frame",
        "wrong baud rate",
        "settings written back",
    )
]


@dataclass
class Story:
    """What happens in a run.

    Attributes:
        failing: whether the orange code is hardly read.
        breaking: whether the bench breaks before the last row.
        short: whether the latency sample stops too early.
        plan: ``quick`` or ``full``.
        pictures: whether stimuli are kept.
        stated: whether a laboratory states who it is, for whom it tested, and the rest.
    """

    failing: bool = True
    breaking: bool = True
    short: bool = True
    plan: str = "quick"
    pictures: bool = True
    stated: bool = True


class _Writer:
    def __init__(self, folder: Path, story: Story) -> None:
        self.folder, self.story = folder, story
        self.chance = Random(20261123)
        self.found: list[Observation] = []
        self.record = 0
        self.kept: dict[tuple[str, bool], int] = {}
        (folder / "pictures").mkdir(parents=True)

    def add(self, requirement: str, measure: str, value: str | float, *, cell: Cell | None = None, **rest: Any) -> None:
        self.record += 3
        self.found.append(
            Observation(
                requirement=requirement,
                measure=measure,
                value=value,
                cell=cell or {},
                t_ns=self.record * 41_000_000,
                journal=(self.record - 2, self.record),
                **rest,
            )
        )

    def read(self, requirement: str, value: str, cell: Cell | None = None) -> None:
        content = "".join(self.chance.choices("0123456789ABCDEF", k=64)) + ":1"
        picture = self._picture(requirement, content, cell or {}, failure=value != "exact")
        short = f"{content[:16]}…{content[-16:]} ({len(content)})"
        detail: dict[str, str | float] = {}
        if picture or value != "exact":
            came = {"exact": short, "no_read": ""}.get(value, f"{content[:15]}0…{content[-16:]} ({len(content)})")
            detail = {"shown": short, "delivered": came, "latency_ms": 2000.0 if value == "no_read" else 94.3}
        self.add(requirement, "read", value, cell=cell, detail=detail, picture=picture)

    def _picture(self, requirement: str, content: str, cell: Cell, *, failure: bool) -> str | None:
        key = (requirement, failure)
        self.kept[key] = self.kept.get(key, 0) + 1
        if not self.story.pictures or self.kept[key] > (12 if failure else 6):
            return None
        name = f"{requirement}-{'failure' if failure else 'shown'}-{self.kept[key]:02d}.png"
        (self.folder / "pictures" / name).write_bytes(_stimulus(content, cell))
        return name


def _stimulus(content: str, cell: Cell) -> bytes:
    modules = np.array(
        [list(row) for row in segno.make(content, error="m", micro=False).matrix_iter(border=4)], np.uint8
    )
    code = cv2.resize(1 - modules, None, fx=7, fy=7, interpolation=cv2.INTER_NEAREST)
    colour = str(cell.get("colour", "#000000"))
    dark = np.array([int(colour[i : i + 2], 16) for i in (5, 3, 1)], np.float32)
    ground = np.full(3, 255 if cell.get("surface") != "paper" else 236, np.float32)
    picture = np.full((480, 640, 3), 190, np.uint8)
    top, left = (480 - code.shape[0]) // 2, (640 - code.shape[1]) // 2
    panel = np.where(code[..., None] > 0, ground, dark).astype(np.uint8)
    picture[top : top + code.shape[0], left : left + code.shape[1]] = panel
    angle = float(cell.get("angle", 0))
    if angle:
        turn = cv2.getRotationMatrix2D((320, 240), angle, 0.9)
        picture = cv2.warpAffine(picture, turn, (640, 480), borderValue=(190, 190, 190))
    if cell.get("effect") == "blur":
        picture = cv2.GaussianBlur(picture, (0, 0), 7 * float(cell["level"]) + 0.1)
    return cv2.imencode(".png", picture)[1].tobytes()


def _terminal(w: _Writer) -> Iterator[None]:
    """Every executed row of the plan, one after the other."""
    chance, story = w.chance, w.story
    for name in ("vendor", "model", "serial", "hardware", "firmware"):
        w.add(
            "EHC-TRM-001",
            "identity",
            "conforms",
            cell={"field": name},
            detail={"declared": IDENTITY[name], "found": IDENTITY[name]},
        )
    for moment in ("at rest", "after a power cycle", "after a hundred readings"):
        w.add("EHC-TRM-002", "identity_check", "unchanged", cell={"moment": moment}, detail={"moment": moment})
    for n in range(473):
        w.read(
            "EHC-TRM-003",
            "no_read" if n == 211 else "exact",
            {"shape": "static with record number" if n % 2 else "static"},
        )
    for n in range(299):
        w.read("EHC-TRM-004", "exact", {"shape": "dynamic with record number" if n % 3 == 0 else "dynamic"})
    for version in range(1, 21):
        for level in "LMQH":
            for n in range(15):
                missed = (version, level, n) in {(7, "L", 3), (10, "H", 9)} or (
                    version > 12 and chance.random() < (version - 12) / 14
                )
                w.read("EHC-TRM-005", "no_read" if missed else "exact", {"version": version, "level": level})
    for n in range(200):
        w.add(
            "EHC-TRM-006",
            "other_symbol",
            "passed_on" if n % 3 else "refused",
            cell={"symbol": "wristband", "symbology": "Code128"},
        )
    for colour in ("#000000", "#256A0A", "#F39119", "#E02020"):
        for surface in ("screen", "paper"):
            for _ in range(75):
                bad = colour == "#F39119" and story.failing and chance.random() < (0.24 if surface == "screen" else 0.5)
                w.read("EHC-TRM-007", "no_read" if bad else "exact", {"colour": colour, "surface": surface})
    for quiet_zone in (4.0, 2.0, 1.0, 0.7):
        for logo in ("logo", "plain"):
            for n in range(100):
                w.read(
                    "EHC-TRM-008",
                    "no_read" if quiet_zone == 0.7 and n in (7, 40, 81) else "exact",
                    {"quiet_zone": quiet_zone, "logo": logo},
                )
    for axis, angles in {"roll": range(0, 360, 15), "pitch": range(-45, 46, 5), "yaw": range(-45, 46, 5)}.items():
        for angle in angles:
            for _ in range(10):
                bad = axis != "roll" and abs(angle) > 35 and chance.random() < (abs(angle) - 35) / 11
                w.read("EHC-TRM-010", "no_read" if bad else "exact", {"axis": axis, "angle": angle})
    for effect, levels, knee in (
        ("damage", range(13), 9),
        ("fade", range(100, 29, -10), 35),
        ("blur", (0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0), 1.1),
    ):
        for level in levels:
            for _ in range(20):
                past = (knee - level) / 20 if effect == "fade" else (level - knee) / (3 if effect == "damage" else 0.6)
                w.read(
                    "EHC-TRM-011", "no_read" if chance.random() < past else "exact", {"effect": effect, "level": level}
                )
    w.add("EHC-TRM-011", "stimulus", "not_readable", cell={"effect": "damage", "level": 12})
    for _ in range(180 if story.short else 299):
        time = round(chance.lognormvariate(4.7, 0.22), 3)
        w.add("EHC-TRM-015", "read", "exact")
        w.add("EHC-TRM-015", "latency", time, unit="ms", uncertainty=24.7)
        w.add(
            "EHC-TRM-016", "check_time", round(time + chance.lognormvariate(4.4, 0.4), 3), unit="ms", uncertainty=24.7
        )
    for _ in range(119):
        w.add("EHC-TRM-016", "check_time", round(180 + chance.lognormvariate(4.2, 0.4), 3), unit="ms", uncertainty=24.7)
    for name in EXCHANGES:
        w.add(
            "EHC-TRM-017",
            "exchange",
            "exact",
            detail={
                "name": name,
                "expected": "02 00 00 01",
                "received": "02 00 00 01",
                "seconds": round(chance.uniform(0.003, 0.07), 4),
            },
        )
        w.add("EHC-TRM-017", "hang", "none", detail={"name": name})
    for _ in range(40 if story.breaking else 100):
        w.add("EHC-TRM-026", "keystroke", "none", cell={"payload": "control"})
        w.add("EHC-TRM-026", "configuration", "unchanged", cell={"payload": "configuration"})
    if story.plan == "full":
        for campaign, count in (("valid", 5990), ("adjacent", 1000)):
            for n in range(count):
                w.read(
                    "EHC-TRM-013",
                    "no_read" if n % 7 == 0 and campaign == "adjacent" else "exact",
                    {"campaign": campaign},
                )
        for presentation in ("hold", "two codes"):
            for _ in range(100):
                w.add("EHC-TRM-014", "deliveries", "one", cell={"presentation": presentation})
        for _ in range(10_000):
            w.add("EHC-TRM-025", "malformed", "refused")
            w.add("EHC-TRM-025", "recovery", "within_2s")
        w.add("EHC-TRM-025", "reboot", "none")
    yield


def write_run(folder: Path, story: Story | None = None) -> Path:
    """Write a run folder below ``folder``; returns it."""
    story = story or Story()
    folder = folder / RUN
    writer = _Writer(folder, story)
    list(_terminal(writer))
    catalogue = load_catalogue()
    subject = TerminalSubject.model_validate({"kind": "terminal", "identity": IDENTITY, "options": OPTIONS})
    plan = make_plan(catalogue, subject, name=story.plan, only=(), scenarios=SCENARIOS)
    circumstances = dict(plan.left_out)
    if story.breaking:
        circumstances["EHC-TRM-026"] = Circumstance(
            Verdict.RIG_ERROR,
            Text(
                zh="串口 /dev/pts/4 在第 40 次出示后断开；检查线缆后重做",
                en="serial port /dev/pts/4 went away after presentation 40; check the cable and run again",
            ),
        )
    rows = judge_run(
        catalogue, plan.rows, writer.found, circumstances, plan=plan.chosen, emulated=True, options=subject.yes_options
    )
    overall = str(overall_verdict(rows))
    run = {
        "schema": 1,
        "run": RUN,
        "started": "2026-11-23T15:23:01+08:00",
        "finished": "2026-11-23T15:41:37+08:00",
        "state": "finished",
        "overall": overall,
        "exit_code": int(exit_code(rows)),
        "emulated": True,
        "statement": {"zh": "模拟设备运行，不构成任何认证。", "en": "An emulated run certifies nothing."},
        "plan": {"name": story.plan, "execute": sorted(plan.execute), "chosen": sorted(plan.chosen)},
        "befell": {"invalid": False, "invalid_load": False, "broken": story.breaking},
        "circumstances": {
            row: {"verdict": found.verdict, "reason": found.reason.model_dump()} for row, found in circumstances.items()
        },
        "seed": 1,
        "defect": None,
        "subject": {"kind": "terminal", "identity": IDENTITY, "options": OPTIONS, "file": "subjects/q30.toml"},
        "identity_read": {key: IDENTITY[key] for key in ("vendor", "model", "serial", "hardware", "firmware")},
        "bench": {
            "file": "rigs/benches/emulated-gm65.toml",
            "settings": {
                "name": "emulated GM65 terminal",
                "presenter": {"driver": "frame-port"},
                "scanner": {
                    "driver": "gm65",
                    "baud": 115200,
                    "read_timeout_s": 2.0,
                    "silence_s": 0.06,
                    "label": {"vendor": "Xiangka", "model": "EMU-GM65"},
                    "emulated": {"pace": "usb", "time_scale": 20},
                },
                "power": {"driver": "scpi", "emulated": {}},
                "platform": {"driver": "hn-a", "reference": {}},
            },
        },
        "versions": {
            "xiangka": "0.1.0",
            "catalogue": VERSION,
            "commit": "4f2c9a1",
            "python": "3.11.7",
            "libraries": {"zxing-cpp": "3.1.1", "opencv-python": "4.12.0", "numpy": "2.3.4"},
        },
        "machine": {"cpu": "Intel Xeon 2.6 GHz", "cores": 2, "system": "Debian GNU/Linux 12"},
        "reads": sum(o.measure == "read" for o in writer.found),
        "clock_factor": 20.0,
        "durations": dict.fromkeys(SCENARIOS, 12.3),
        "notes": [
            {
                "zh": "平台使用参考实现，时钟由试验台给出。",
                "en": "The platform was the reference implementation; the bench gave the clock.",
            }
        ],
        **(stated(folder) if story.stated else {}),
    }
    verdicts = json.dumps(verdicts_document(RUN, overall, rows), ensure_ascii=False, indent=1) + "\n"
    (folder / "run.json").write_text(json.dumps(run, ensure_ascii=False), encoding="utf-8")
    (folder / "verdicts.json").write_text(verdicts, encoding="utf-8")
    (folder / CATALOGUE).write_text(catalogue_text(catalogue), encoding="utf-8")
    with (folder / "observations.jsonl").open("w", encoding="utf-8") as stream:
        for observation in writer.found:
            stream.write(json.dumps(observation.as_record(), ensure_ascii=False, separators=(",", ":")) + "\n")
    with (folder / "journal.jsonl").open("w", encoding="utf-8") as stream:
        for n in range(1, writer.record + 1):
            stream.write(
                json.dumps({"n": n, "t_ns": n * 13_000_000, "channel": "scanner", "dir": "rx", "hex": "0200"}) + "\n"
            )
    return folder


if __name__ == "__main__":
    big = "--big" in sys.argv
    sys.stdout.write(f"{write_run(Path(sys.argv[1]), Story(plan='full' if big else 'quick'))}\n")
