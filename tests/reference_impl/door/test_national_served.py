"""A served platform and the national stand-in over HTTP: nothing is lost while it is away, nobody is guessed at."""

import json
import socket
import subprocess
import sys

import pytest

from reference_impl.door.opening import check_options
from reference_impl.door.options import PlatformOptions
from reference_impl.errors import PlatformError
from reference_impl.records.national_link import ForeignCard

FOREIGN = ForeignCard("F0" * 32, "11", "合成来客", "1", "1990-01-01")
OURS = ForeignCard("0F" * 32, "43", "合成无人", "2", "1990-01-01")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def begin_stand_in(tmp_path):
    """Start the stand-in for the platform of this test; ``line()`` of what it returns is the next it prints."""
    cards = tmp_path / "cards.json"
    cards.write_text(
        json.dumps([{name: getattr(card, name) for name in card.__struct_fields__} for card in (FOREIGN, OURS)])
    )
    begun = []

    def begin(port):
        command = [
            "xiangka",
            "platform",
            "national-stand-in",
            "--data",
            tmp_path / "data",
            "--port",
            port,
            "--cards",
            cards,
        ]
        process = subprocess.Popen(
            [sys.executable, "-m", *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        begun.append(process)
        assert json.loads(process.stdout.readline()) == {"ready": True, "url": f"http://127.0.0.1:{port}"}
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def told(stand_in):
    event = json.loads(stand_in.stdout.readline())
    return event["kind"], event["card_id"]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_happens_while_the_nation_is_away_is_told_when_it_is_back(serve, begin_stand_in, workers):
    port = free_port()
    served = serve(national=f"http://127.0.0.1:{port}", workers=workers)
    caller = served.caller()
    card_id = caller.register()
    assert caller.verify(caller.dynamic(card_id)).success
    assert caller.verify(f"{FOREIGN.card_id}:1").code == "114"

    stand_in = begin_stand_in(port)
    assert told(stand_in) == ("registered", card_id)
    answer = caller.verify(f"{FOREIGN.card_id}:1")
    assert answer.success
    assert (answer.biz["name"], answer.biz["province"], answer.biz["id_no"]) == (FOREIGN.name, "11", "")
    assert told(stand_in) == ("used-across-provinces", FOREIGN.card_id)
    # Whom the nation takes for ours, whom nobody knows, and a code that only its maker can prove: nobody.
    for code in (f"{OURS.card_id}:1", f"{'AB' * 32}:1"):
        assert caller.verify(code).code == "301"
    assert caller.verify(f"{FOREIGN.card_id}:0:{'0' * 32}").code == "403"

    stand_in.terminate()
    assert stand_in.wait(30) == 0
    assert caller.verify(f"{FOREIGN.card_id}:1").code == "114"
    assert caller.close(card_id).success
    assert told(begin_stand_in(port)) == ("closed", card_id)
    assert served.stop() == (0, "")


def test_without_a_national_platform_nobody_is_asked(serve):
    assert serve().caller().verify(f"{FOREIGN.card_id}:1").code == "301"


@pytest.mark.parametrize("url", ["127.0.0.1:8650", "ftp://127.0.0.1", "http://", "http://127.0.0.1:99999"])
def test_what_is_no_address_is_refused_before_anything_is_opened(tmp_path, url):
    with pytest.raises(PlatformError, match="no address of a national platform"):
        check_options(PlatformOptions(tmp_path, national=url))


def test_an_address_named_like_production_is_refused(tmp_path):
    with pytest.raises(PlatformError, match="production"):
        check_options(PlatformOptions(tmp_path, national="https://national.live.example"))
