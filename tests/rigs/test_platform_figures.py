"""What a platform's metrics tell a bench."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from rigs.errors import SubjectFaultError
from rigs.platform_figures import figures_of, read_figures, resident_of_group
from rigs.roles import ApiAnswer

TOLD = """# HELP xiangka_gateway_answers_total Answers
# TYPE xiangka_gateway_answers_total counter
xiangka_gateway_answers_total{method="ehc.ehealthcode.verify",outcome="000",worker="w0"} 10.0
xiangka_gateway_answers_total{method="ehc.ehealthcode.verify",outcome="000",worker="w1"} 5.0
xiangka_gateway_answers_total{method="ehc.ehealthcode.verify",outcome="406",worker="w1"} 1.0
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes{worker="w0"} 1048576.0
process_resident_memory_bytes{worker="w1"} 1048576.0
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total{worker="w0"} 1.5
something_else 3
"""
VERIFY = "ehc.ehealthcode.verify"


class Api:
    monitor = ""

    def __init__(self, status, content):
        self._answer = ApiAnswer(status, content, (1, 1))

    def ask(self, *_, **__):
        return self._answer


def test_workers_are_taken_together():
    figures = figures_of(TOLD)
    assert figures.answers[VERIFY, "000"] == 15
    assert (figures.resident, figures.cpu_s) == (2 << 20, 1.5)


def test_a_worker_that_counts_from_nothing_was_begun_anew():
    before = figures_of(TOLD)
    after = figures_of(
        TOLD.replace('worker="w0"} 10.0', 'worker="w0"} 2.0').replace('worker="w1"} 5.0', 'worker="w1"} 9')
    )
    assert after.begun_anew(before) == 1
    assert before.begun_anew(before) == 0
    assert after.since(before, VERIFY, "406") == 0


def times(*counts, worker="w0"):
    bounds = ("0.01", "0.1", "+Inf")
    lines = [
        f'xiangka_gateway_seconds_bucket{{method="{VERIFY}",le="{bound}",worker="{worker}"}} {count}'
        for bound, count in zip(bounds, counts, strict=True)
    ]
    return "\n".join(["# TYPE xiangka_gateway_seconds histogram", *lines]) + "\n"


@pytest.mark.parametrize(
    ("after", "told_s"),
    [((1099, 1100, 1100), 0.01), ((1089, 1100, 1100), 0.1), ((1000, 1089, 1100), float("inf"))],
)
def test_how_long_answers_took_is_what_came_to_the_buckets_since(after, told_s):
    before = figures_of(times(100, 100, 100))
    assert figures_of(times(*after)).time_since(before, VERIFY, 0.99) == told_s


def test_times_of_workers_are_taken_together_and_none_are_told_of_one_that_began_anew():
    before = figures_of(times(90, 90, 90))
    both = figures_of(times(90, 90, 90) + times(0, 50, 50, worker="w1").partition("\n")[2])
    assert both.time_since(before, VERIFY, 0.99) == 0.1
    for none in (figures_of(times(10, 10, 10)), figures_of(TOLD), before):
        assert none.time_since(before, VERIFY, 0.99) is None


@pytest.mark.parametrize(("status", "content"), [(401, {"code": "no"}), (200, {"a": 1}), (200, "# nothing\n")])
def test_a_platform_that_tells_none_tells_none(status, content):
    assert read_figures(Api(status, content)) is None


def test_figures_nobody_can_read_are_the_platforms_fault():
    with pytest.raises(SubjectFaultError, match="nobody can read"):
        read_figures(Api(200, 'xiangka_gateway_answers_total{method="x"} many\n'))


def test_memory_of_a_group_is_that_of_all_its_processes_and_nothing_once_it_is_gone():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    try:
        assert resident_of_group(child.pid) > 0
    finally:
        child.communicate(b"\n")
    assert resident_of_group(child.pid) == 0
    assert resident_of_group(os.getpgid(0)) > 0
