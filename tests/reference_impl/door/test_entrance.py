"""The bare address points to everything else."""

import pytest

from reference_impl.door.web import exact_paths
from reference_impl.wire.registry import DIALECTS, profiles


@pytest.fixture
def database():
    return "sqlite"


def test_a_browser_is_led_to_the_page(api):
    answer = api.plain("GET", "/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/admin")
    assert api.plain("GET", answer.headers["location"]).headers["content-type"].startswith("text/html")


def test_a_program_is_told_what_there_is(api):
    told = api.plain("GET", "/").json()
    assert told["mode"] == "TEST"
    for name in ("admin", "api", "health"):
        assert api.plain("GET", told[name]).status_code == 200
    served = exact_paths(profiles(api.bench.platform.parts.random))
    assert {path for paths in told["gateways"].values() for path in paths} == set(served)
    assert set(told["gateways"]) == set(DIALECTS)


def test_nothing_else_is_done_there(api):
    answer = api.plain("POST", "/", content=b"{}")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
