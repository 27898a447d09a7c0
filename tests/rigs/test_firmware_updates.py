"""Images a device must refuse, the flash that refuses them, and the tool that offers them."""

from __future__ import annotations

import contextlib
import socket
import struct
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certification.catalogue import load_catalogue
from certification.observations import Observation
from certification.verdicts import Verdict, judge
from fixtures.firmware_attempts import ATTEMPTS, attempts
from reference_impl.wire.sm2 import SIGNATURE_BYTES, generate
from rigs.bench_file import load_bench
from rigs.child_process import ChildProcess
from rigs.drivers.update_command import CommandUpdater, Images, Signs
from rigs.emulators.defects.table import behaviour_of
from rigs.emulators.firmware import Flash, ImageRefusedError, UpdateRules
from rigs.emulators.firmware_maker import FACTORY_VERSION, MadeFirmware, make_firmware
from rigs.emulators.update_port import UpdatePort
from rigs.errors import BenchFileError, RigError
from rigs.instruments.power_supply import ScpiPowerSupply
from rigs.journal import Journal

MODEL = "EMU-GM65"


@pytest.fixture
def made(tmp_path) -> MadeFirmware:
    return make_firmware(tmp_path, MODEL)


def flash_of(folder: Path, made: MadeFirmware, defect: str | None = None) -> Flash:
    (folder / "flash").mkdir(exist_ok=True)
    return Flash(folder / "flash", MODEL, made.public_key, FACTORY_VERSION, behaviour_of(defect, UpdateRules))


def twenty(made: MadeFirmware, seed: int = 1):
    others = {"other signer": made.other_signer.read_bytes(), "other model": made.other_model.read_bytes()}
    genuine, previous = made.image.read_bytes(), made.previous.read_bytes()
    return attempts(genuine, previous, others, SIGNATURE_BYTES, Random(seed))


def taken(flash: Flash, image: bytes) -> bool:
    try:
        flash.install(image)
    except ImageRefusedError:
        return False
    return True


def test_twenty_images_of_every_kind_and_none_of_them_genuine(made):
    offered = twenty(made)
    assert len(offered) == ATTEMPTS
    assert {"unsigned", "downgraded", "other signer", "other model", "cut short", "lengthened"} < {
        one.kind for one in offered
    }
    assert min(Counter(one.kind for one in offered if one.kind.startswith("flipped")).values()) >= 3
    assert made.image.read_bytes() not in [one.image for one in offered]


def test_without_what_a_maker_may_not_supply_there_are_still_twenty(made):
    offered = attempts(made.image.read_bytes(), None, {}, 0, Random(1))
    assert len(offered) == ATTEMPTS
    assert made.image.read_bytes() not in [one.image for one in offered]


@pytest.mark.parametrize("seed", range(5))
def test_a_sound_flash_takes_none_of_them_and_stays_as_it_was(made, tmp_path, seed):
    flash = flash_of(tmp_path, made)
    assert [one.kind for one in twenty(made, seed) if taken(flash, one.image)] == []
    assert flash.version == 0


@pytest.mark.parametrize(("defect", "kind"), [("accepts-unsigned", "unsigned"), ("accepts-downgrade", "downgraded")])
def test_a_faulty_flash_takes_exactly_the_kind_it_does_not_look_at(made, tmp_path, defect, kind):
    flash = flash_of(tmp_path, made, defect)
    assert {one.kind for one in twenty(made) if taken(flash, one.image)} == {kind}


def test_genuine_firmware_is_taken_and_outlives_the_process(made, tmp_path):
    assert flash_of(tmp_path, made).install(made.image.read_bytes()) == FACTORY_VERSION
    assert flash_of(tmp_path, made).install(made.next.read_bytes()) == FACTORY_VERSION + 1
    again = flash_of(tmp_path, made)
    assert again.version == FACTORY_VERSION + 1
    assert not taken(again, made.image.read_bytes())


KINDS = ("downgraded", "other signer", *["flipped in body"] * 18)


def said(kinds: tuple[str, ...], *, genuine: str) -> Verdict:
    def seen(measure: str, value: str, **cell: str) -> Observation:
        return Observation("EHC-TRM-031", measure, value, cell=cell)

    sample = [seen("firmware_update", "refused", image=kind) for kind in kinds]
    sample += [seen("device_after_update", "works", image=kind) for kind in kinds]
    sample.append(seen("genuine_update", genuine))
    return judge(load_catalogue()["EHC-TRM-031"], sample, None, planned=True, emulated=True).verdict


def test_a_device_that_takes_no_image_at_all_has_shown_nothing_by_refusing_bad_ones():
    assert said(KINDS, genuine="refused") is Verdict.INCONCLUSIVE
    assert said(KINDS, genuine="accepted") is Verdict.PASS


@pytest.mark.parametrize("kind", ["downgraded", "other signer"])
def test_what_no_image_was_supplied_for_is_left_open(kind):
    kinds = tuple("flipped in body" if found == kind else found for found in KINDS)
    assert said(kinds, genuine="accepted") is Verdict.INCONCLUSIVE


STRANGER = generate().public


@given(image=st.binary(max_size=200))
def test_whatever_bytes_are_offered_they_are_refused_and_nothing_is_written(tmp_path_factory, image):
    folder = tmp_path_factory.getbasetemp() / "blank"
    folder.mkdir(exist_ok=True)
    assert not taken(Flash(folder, MODEL, STRANGER, FACTORY_VERSION, UpdateRules()), image)
    assert list(folder.iterdir()) == []


@pytest.fixture
def device(made, tmp_path):
    """An update port whose device notes when it is cut off."""
    power: list[bool] = []
    port = UpdatePort(flash_of(tmp_path, made), power.append)
    yield port, power
    port.close()


def tool(port: str, image: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "xiangka", "emulate", "update-tool", "--port", port, str(image)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


def test_the_makers_tool_tells_by_its_exit_code_what_became_of_an_image(made, device, tmp_path):
    port, power = device
    refused = tool(port.address, made.previous)
    assert (refused.returncode, refused.stdout) == (1, "refused: older than the firmware that runs\n")
    assert power == []
    accepted = tool(port.address, made.next)
    assert (accepted.returncode, accepted.stdout) == (0, "accepted: V1.24\n")
    assert power == [False, True]
    gone = tool("127.0.0.1:1", made.next)
    assert gone.returncode == 3
    assert len(gone.stderr.splitlines()) == 1


def begins(address: str, image: Path) -> socket.socket:
    """A tool that has sent all of an image but its last byte."""
    host, _, port = address.rpartition(":")
    device = socket.create_connection((host, int(port)), timeout=20)
    data = image.read_bytes()
    device.sendall(struct.pack(">I", len(data)) + data[:-1])
    return device


def ends(device: socket.socket, image: Path) -> bytes:
    """What the device says once it has the last byte too; nothing where it hung up."""
    with device, contextlib.suppress(OSError):
        device.sendall(image.read_bytes()[-1:])
        return device.recv(100)
    return b""


def hangs_up(device: socket.socket) -> bool:
    try:
        return device.recv(100) == b""
    except ConnectionResetError:
        return True


def test_a_cut_in_mid_image_leaves_the_firmware_there_was(made, device, tmp_path):
    port, power = device
    flash = flash_of(tmp_path, made)
    interrupted = begins(port.address, made.next)
    port.feed(False)
    assert hangs_up(interrupted)
    port.feed(True)
    assert ends(interrupted, made.next) == b""
    assert (flash.version, power) == (0, [False, True])
    assert ends(begins(port.address, made.next), made.next) == b"accepted: V1.24\n"
    assert flash.version == FACTORY_VERSION + 1


def test_without_a_supply_no_image_is_taken_and_with_it_again_one_is(made, device, tmp_path):
    port, power = device
    port.feed(False)
    assert ends(begins(port.address, made.next), made.next) == b""
    assert (flash_of(tmp_path, made).version, power) == (0, [False])
    port.feed(True)
    assert ends(begins(port.address, made.next), made.next) == b"accepted: V1.24\n"


def test_a_device_that_died_of_an_image_stays_dead_whatever_its_supply_does(made, tmp_path):
    power: list[bool] = []
    port = UpdatePort(flash_of(tmp_path, made, "bricks-on-bad-image"), power.append)
    try:
        assert ends(begins(port.address, made.previous), made.previous).startswith(b"refused")
        port.feed(False)
        port.feed(True)
        assert power == [False] * 3
        assert ends(begins(port.address, made.image), made.image).startswith(b"accepted")
        assert power[-1]
    finally:
        port.close()


def test_an_emulated_scanner_on_an_emulated_supply_loses_the_image_under_way_with_its_supply(made, tmp_path):
    """Over the real wires: SCPI to the supply, the rail to the scanner, its update port."""
    flash = flash_of(tmp_path, made)
    with contextlib.ExitStack() as started:

        def start(*arguments: str) -> ChildProcess:
            child = ChildProcess(arguments[0], ["emulate", arguments[0], "--tethered", *arguments[1:]])
            started.callback(child.close)
            return child

        resource, rail = start("power-supply").greeting.split()
        made_by = ("--maker-key", made.public_key.hex(), "--flash", str(tmp_path / "flash"))
        scanner = start(
            "scanner", "--protocol", "gm65", "--camera", "http://127.0.0.1:1/frame", "--rail", rail, *made_by
        )
        update = scanner.line().removeprefix("update ")
        supply = ScpiPowerSupply(resource, Journal(None))
        started.callback(supply.close)
        with begins(update, made.next) as device:
            supply.cut()
            assert hangs_up(device)
        assert flash.version == 0
        supply.restore()
        deadline = time.monotonic() + 20
        while not ends(begins(update, made.next), made.next) and time.monotonic() < deadline:
            time.sleep(0.05)  # the rail has not told the scanner yet
        assert flash.version == FACTORY_VERSION + 1


def updater(tmp_path, made, *command: str, **signs) -> CommandUpdater:
    return CommandUpdater(
        command,
        Images(made.image),
        accepted=Signs((0,), signs.get("accepted")),
        refused=Signs((1,), signs.get("refused")),
        folder=tmp_path,
        journal=Journal(None),
        timeout_s=signs.get("timeout_s", 10),
    )


@pytest.mark.parametrize(
    ("script", "signs", "outcome"),
    [
        ("exit 0", {}, "accepted"),
        ("exit 1", {}, "refused"),
        ("exit 2", {}, "unclear"),
        ("echo upgrade OK", {"accepted": "OK"}, "accepted"),
        ("echo no device", {"accepted": "OK"}, "unclear"),
        ("echo 签名错误; exit 1", {"refused": "签名"}, "refused"),
        ("echo cannot open port; exit 1", {"refused": "签名"}, "unclear"),
        ("sleep 5", {"timeout_s": 0.2}, "unclear"),
    ],
)
def test_exit_code_and_words_tell_the_outcome_and_nothing_else_is_believed(script, signs, outcome, made, tmp_path):
    assert updater(tmp_path, made, "sh", "-c", script, "{image}", **signs).offer(b"image").outcome == outcome


def test_the_tool_is_given_the_very_image(made, tmp_path):
    answer = updater(tmp_path, made, "sh", "-c", 'od -An -c "$0"', "{image}").offer(b"abc")
    assert answer.words.split() == ["a", "b", "c"]


def test_a_tool_that_is_not_there_is_the_benchs_fault(made, tmp_path):
    with pytest.raises(RigError, match="cannot be run"):
        updater(tmp_path, made, "/no/such/tool", "{image}").offer(b"image")


BENCH = Path("rigs/benches/emulated-security.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('command = ["tool"]\nimage = "a.bin"', "must hold {image}"),
        ('command = ["tool", "{image}"]', "needs `command` and `image`"),
        ('command = ["tool", "{image}"]\nimage = "a.bin"\nrefused_exits = [0]', "cannot mean both"),
        ('command = ["tool", "{image}"]\nimage = "a.bin"\nrefused_words = "("', "no regular expression"),
        ('command = ["tool", "{image}"]\nimage = "no-such.bin"', None),
    ],
)
def test_a_table_that_could_not_tell_the_outcomes_apart_is_refused(table, said, tmp_path):
    file = tmp_path / "bench.toml"
    whole = '[updater]\ndriver = "command"\n\n[updater.emulated]\n'
    assert whole in BENCH
    file.write_text(BENCH.replace(whole, f'[updater]\ndriver = "command"\n{table}\n'), encoding="utf-8")
    if said is None:
        assert load_bench(file).settings()["updater"]["command"] == "tool"
        return
    with pytest.raises(BenchFileError) as caught:
        load_bench(file)
    assert said in str(caught.value)
