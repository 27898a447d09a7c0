"""A served platform and a register of persons over HTTP, each in a process of its own."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from reference_impl.door.opening import check_options
from reference_impl.door.options import PlatformOptions
from reference_impl.errors import PlatformError
from reference_impl.refusals import OUTCOMES
from reference_impl.wire.vocabulary import REGISTER


@pytest.fixture
def begin_register():
    """Start the stand-in with these options; gives the process and its URL."""
    begun = []

    def begin(*options):
        command = [sys.executable, "-m", "xiangka", "platform", "real-name-stand-in", "--port", "0", *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        begun.append(process)
        ready = json.loads(process.stdout.readline())
        assert ready["ready"]
        return process, ready["url"]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def named(answer):
    return OUTCOMES[answer.code].name


def registered(caller, person):
    return named(caller.call(REGISTER, person))


@pytest.mark.parametrize("workers", [1, 2])
def test_the_register_decides_while_it_is_there(serve, begin_register, person, workers):
    register, url = begin_register()
    served = serve(real_name=url, workers=workers)
    caller = served.caller()
    assert registered(caller, person(1)) == "ok"
    for ending, outcome in (("冒", "name_refused"), ("无", "unknown_person"), ("停", "register_unavailable")):
        assert registered(caller, person(2) | {"name": f"合成居民{ending}"}) == outcome
    register.terminate()
    assert register.wait(30) == 0
    assert registered(caller, person(2)) == "register_unavailable"
    assert named(caller.call("ehc.ehealthcode.query", person(2))) == "unknown_card"
    card_id = caller.call("ehc.ehealthcode.query", person(1)).biz["ehealth_card_id"]
    assert named(caller.verify(caller.static(card_id))) == "ok"
    status, errors = served.stop()
    assert status == 0
    assert {json.loads(line)["event"] for line in errors.splitlines()} == {
        "the register of persons gave no answer: ConnectError"
    }


def test_verification_goes_on_beside_a_register_that_takes_seconds(serve, begin_register, person):
    served = serve(real_name=begin_register("--delay", "2.5")[1])
    first, second = served.caller(), served.caller()
    code = first.static(first.register(1))
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(registered, first, person(2))
        answered = 0
        while not waiting.done():
            answered += second.verify(code).success
        assert waiting.result() == "ok"
    # Held up by the register it would be the one that was under way when it was asked, and perhaps the one after.
    assert answered > 5


def test_a_register_that_takes_longer_than_a_caller_waits(serve, begin_register, person):
    served = serve(real_name=begin_register("--delay", "60")[1])
    caller = served.caller()
    assert registered(caller, person(1)) == "try_again"
    assert named(caller.call("ehc.ehealthcode.query", person(1))) == "unknown_card"
    assert served.stop()[0] == 0


def test_somebody_else_answers_at_the_address(serve, person):
    other = serve()
    caller = serve(real_name=other.credentials["url"], data_dir=str(other.ready["credentials"]) + "-other").caller()
    assert registered(caller, person(1)) == "register_unavailable"


HERE = ["http://127.0.0.1:8660", "http://[::1]:8660/register", "https://localhost"]
ELSEWHERE = ["http://192.0.2.1:8660", "https://register.test.example", "http://127.0.0.1.example:80"]


def test_a_register_stands_on_this_machine_unless_it_is_allowed_to_stand_elsewhere(tmp_path):
    for url in HERE:
        check_options(PlatformOptions(tmp_path, real_name=url))
    for url in ELSEWHERE:
        options = PlatformOptions(tmp_path, real_name=url)
        with pytest.raises(PlatformError, match="on this machine only"):
            check_options(options)
        check_options(replace(options, allow_non_loopback=True))


@pytest.mark.parametrize("url", ["127.0.0.1:8660", "ftp://127.0.0.1", "http://", "http://127.0.0.1:99999"])
def test_what_is_no_address_is_refused_before_anything_is_opened(tmp_path, url):
    for allowed in (False, True):
        with pytest.raises(PlatformError, match="no address of a register of persons"):
            check_options(PlatformOptions(tmp_path, real_name=url, allow_non_loopback=allowed))


WITH_PASSWORD = {
    "http://user:hunter2@192.0.2.1:8660/hunter2?key=hunter2#hunter2": "--real-name http://192.0.2.1:8660",
    "http://user:hunter2@[2001:db8::1]:8660": "--real-name http://[2001:db8::1]:8660",
    "ftp://user:hunter2@127.0.0.1": "--real-name ftp://127.0.0.1",
    "http://user:hunter2@127.0.0.1:99999": "--real-name http://127.0.0.1",
    "http://user:hunter2@:8660": "--real-name",
    "http://user:hunter2@[::1": "--real-name",
    "user:hunter2@127.0.0.1": "--real-name",
}


@pytest.mark.parametrize(("url", "where"), WITH_PASSWORD.items())
def test_a_password_in_an_address_is_not_repeated(tmp_path, url, where):
    with pytest.raises(PlatformError) as caught:
        check_options(PlatformOptions(tmp_path, real_name=url))
    assert "hunter2" not in str(caught.value)
    assert caught.value.where == where


@pytest.mark.parametrize("option", ["national", "real_name"])
def test_nor_is_it_where_the_address_is_named_like_production(tmp_path, option):
    url = "https://user:hunter2@persons.prod.example"
    with pytest.raises(PlatformError, match="production") as caught:
        check_options(PlatformOptions(tmp_path, allow_non_loopback=True, **{option: url}))
    assert "hunter2" not in str(caught.value)


def test_an_address_named_like_production_is_refused(tmp_path):
    options = PlatformOptions(tmp_path, real_name="https://persons.prod.example", allow_non_loopback=True)
    with pytest.raises(PlatformError, match="production"):
        check_options(options)
