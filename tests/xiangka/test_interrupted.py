"""Runs that are cut short: by a person, by a fault of the bench, by the operating system."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from shell import RunFolder, Running, Shell, bench, emulated_terminal, free_port, one_line, serve_platform, until

VISITS, AFTERWARDS = "EHC-TRM-016", "EHC-TRM-017"
"""A row of 299 visits that asks both scanner and platform, and one that would come after it."""
WELL_UNDER_WAY = 150_000
"""Size of a journal, in bytes, in which more than a dozen visits stand."""


def start_run(shell: Shell, out: Path, file: Path, terminal: int | None = None) -> Running:
    """Start a run and wait until it is in the middle of its first scenario."""
    arguments = ("certify", "--bench", file, "--only", VISITS, AFTERWARDS, "--out", out)
    running = shell.start(*arguments, terminal=terminal)
    journal = out / "journal.jsonl"

    def under_way() -> bool:
        assert running.process.poll() is None, running.said
        return journal.exists() and journal.stat().st_size > WELL_UNDER_WAY

    until(under_way, what="the run never got under way")
    assert len(running.processes()) > 1
    return running


def with_real_port(shell: Shell, platform: str) -> tuple[Running, Path]:
    """An emulated terminal treated like hardware, and the bench file that names its port."""
    frame_port = free_port()
    device = emulated_terminal(shell, frame_port)
    presenter = f"driver = 'frame-port'\nframe_port = {frame_port}"
    return device, bench(shell.folder, presenter=presenter, scanner=f"url = '{device.line()}'", platform=platform)


def expect_interrupted(left: RunFolder) -> None:
    assert (left.run["state"], left.run["overall"]) == ("interrupted", "INTERRUPTED")
    assert left.document["overall"] == "INTERRUPTED"
    assert left.follows_from_its_evidence
    assert left.verdicts[VISITS] in ("INCONCLUSIVE", "NOT_ASSESSED")
    assert left.verdicts[AFTERWARDS] == "NOT_ASSESSED"
    assert len(left.shown) > 10
    assert (left.folder / "observations.jsonl").read_bytes().count(b"\n") > 10
    assert (left.folder / "report.html").is_file()


def test_ctrl_c_on_a_terminal_keeps_the_evidence_and_leaves_no_process(shell, screen):
    out = shell.folder / "run"
    running = start_run(shell, out, bench(shell.folder), screen.terminal)
    screen.press(b"\x03")
    ended = running.wait()
    assert ended.exit_code == 2, screen.shown
    assert "the run was interrupted; its evidence is kept" in screen.shown
    assert "Traceback" not in screen.shown
    assert list(shell.temporary.iterdir()) == []
    expect_interrupted(RunFolder(out))


def test_sigterm_is_taken_like_ctrl_c(shell, platform):
    out = shell.folder / "run"
    ended = start_run(shell, out, bench(shell.folder, platform=platform.table)).stop(signal.SIGTERM)
    assert ended.exit_code == 2, ended.said
    assert "the run was interrupted; its evidence is kept" in ended.said
    assert "Traceback" not in ended.said
    assert list(shell.temporary.iterdir()) == []
    expect_interrupted(RunFolder(out))


def test_pressing_ctrl_c_again_and_again_does_not_lose_the_run(shell, platform):
    out = shell.folder / "run"
    running = start_run(shell, out, bench(shell.folder, platform=platform.table))
    while running.process.poll() is None:
        running.process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    ended = running.wait()
    assert "Traceback" not in ended.said
    assert list(shell.temporary.iterdir()) == []
    expect_interrupted(RunFolder(out))


def test_ctrl_c_while_the_bench_opens_leaves_nothing(shell, screen):
    out = shell.folder / "run"
    running = shell.start("certify", "--only", VISITS, "--out", out, terminal=screen.terminal)
    until(
        lambda: any("platform serve" in line for line in running.processes().values()),
        what="the bench was never opened",
    )
    screen.press(b"\x03")
    ended = running.wait()
    assert ended.exit_code == 2, screen.shown
    assert "xiangka: interrupted" in screen.shown
    assert "Traceback" not in screen.shown
    assert list(shell.folder.iterdir()) == []
    assert list(shell.temporary.iterdir()) == []


def test_a_scanner_unplugged_in_mid_run_is_the_bench_at_fault(shell, platform):
    out = shell.folder / "run"
    device, file = with_real_port(shell, platform.table)
    running = start_run(shell, out, file)
    device.stop(signal.SIGKILL)
    expect_rig_error(running, out, "went away in mid-run")


def test_a_scanner_that_falls_silent_in_mid_run_is_the_bench_at_fault(shell, platform):
    out = shell.folder / "run"
    device, file = with_real_port(shell, platform.table)
    running = start_run(shell, out, file)
    device.process.send_signal(signal.SIGSTOP)
    expect_rig_error(running, out, "does not answer")


def test_a_platform_killed_in_mid_run_is_the_bench_at_fault(shell):
    out = shell.folder / "run"
    platform = serve_platform(shell)
    running = start_run(shell, out, bench(shell.folder, platform=platform.table))
    platform.running.stop(signal.SIGKILL)
    expect_rig_error(running, out, f"no answer from {platform.url}")


def expect_rig_error(running: Running, out: Path, said: str) -> None:
    ended = running.wait()
    assert ended.exit_code == 3, ended.said
    assert said in ended.said
    assert "Traceback" not in ended.said
    left = RunFolder(out)
    assert (left.verdicts[VISITS], left.verdicts[AFTERWARDS]) == ("RIG_ERROR", "NOT_ASSESSED")
    assert (left.run["state"], left.run["overall"]) == ("aborted", "RIG_ERROR")
    assert (out / "report.html").is_file()


def test_a_port_in_use_is_busy_and_a_killed_run_frees_it_and_leaves_no_process(shell, platform):
    out, second_out = shell.folder / "run", shell.folder / "second"
    device, file = with_real_port(shell, platform.table)
    running = start_run(shell, out, file)

    second_file = bench(shell.folder, name="second.toml", scanner=f"url = '{device.line()}'", platform=platform.table)
    second = shell.run("certify", "--bench", second_file, "--out", second_out)
    assert f"port {device.line()} is in use by process {running.process.pid} (xiangka certify)" in one_line(second.said)
    assert second.exit_code == 3
    assert not [entry for entry in shell.folder.iterdir() if "second" in entry.name and entry != second_file]
    assert running.process.poll() is None

    ended = running.stop(signal.SIGKILL)
    assert ended.exit_code == -signal.SIGKILL
    checked = shell.run("bench", "check", second_file)
    assert checked.exit_code == 0, checked.said
