"""Reports of a platform without their mark: the step finds each one that does not say that it is a test platform's."""

import json
from types import SimpleNamespace

import pytest

from steps.platform.isolation import marked

REPORTS = {
    "health": ("/health", {"mode": "TEST"}),
    "administration page": ("/admin", "<b>测试</b>"),
    "interface description": ("/openapi.json", {"info": {"description": "TEST: a platform"}}),
    "statistics": ("/api/v1/statistics", {"mode": "TEST", "figures": []}),
    "printed statistics": (("stats",), "TEST · 测试平台"),
    "printed statistics, JSON": (("stats", "--json"), '{"mode": "TEST"}'),
}


def without_mark(content):
    text = json.dumps(content, ensure_ascii=False).replace("TEST", "LIVE").replace("测试", "正式")
    return json.loads(text)


def observed(unmarked=None):
    said = {
        place: without_mark(content) if report == unmarked else content for report, (place, content) in REPORTS.items()
    }
    seen = {}

    def tell(_method, path, *, role="admin"):
        del role
        return SimpleNamespace(content=said[path.partition("?")[0]])

    def prints(*arguments):
        return said[arguments]

    def observe(measure, outcome, *, cell):
        assert measure == "report_mark"
        seen[cell["report"]] = outcome

    bench = SimpleNamespace(admin=SimpleNamespace(tell=tell), host=SimpleNamespace(prints=prints))
    marked(SimpleNamespace(run=SimpleNamespace(bench=bench), observe=observe))
    return seen


def test_six_reports_are_looked_at():
    assert observed() == dict.fromkeys(REPORTS, "TEST")


@pytest.mark.parametrize("report", REPORTS)
def test_each_report_without_its_mark_is_found(report):
    assert {name for name, mark in observed(report).items() if mark == "none"} == {report}
