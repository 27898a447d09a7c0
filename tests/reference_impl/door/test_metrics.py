"""Figures for Prometheus: they count what happened, whatever callers make up, and those of all workers are told."""

import json
import mmap

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reference_impl.door.metrics import SECONDS, Histogram, Metrics, registry_of

VERIFY, QUERY = "ehc.ehealthcode.verify", "ehc.ehealthcode.query"


def samples(text):
    return {
        (sample.name, tuple(sorted((k, v) for k, v in sample.labels.items() if k != "worker"))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def told(metrics):
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in registry_of(metrics).collect()
        for sample in family.samples
    }


def test_answers_are_counted_by_method_and_outcome():
    metrics = Metrics("w0", (VERIFY, QUERY))
    for outcome, times in (("000", 3), ("406", 2)):
        for _ in range(times):
            metrics.observe(VERIFY, outcome, 0.003)
    found = told(metrics)
    assert found["xiangka_gateway_answers_total", VERIFY, "000", "w0"] == 3
    assert found["xiangka_gateway_answers_total", VERIFY, "406", "w0"] == 2
    assert found["xiangka_gateway_seconds_count", VERIFY, "w0"] == 5
    assert found["xiangka_gateway_seconds_sum", VERIFY, "w0"] == pytest.approx(0.015)


def test_a_bucket_holds_what_is_at_most_its_end():
    histogram = Histogram(SECONDS)
    for value in (0.0005, 0.00051, 2.5, 99.0):
        histogram.add(value)
    buckets = dict(histogram.cumulated())
    assert (buckets["0.0005"], buckets["0.001"], buckets["1.0"], buckets["2.5"], buckets["+Inf"]) == (1, 2, 2, 3, 4)


def test_names_that_callers_make_up_take_no_room():
    metrics = Metrics("w0", (VERIFY,))
    for number in range(1000):
        metrics.observe(f"made.up.{number}", "109", 0.001)
    assert told(metrics)["xiangka_gateway_answers_total", "other", "109", "w0"] == 1000
    assert len(metrics.figures()["answers"]) == 1


def test_any_worker_tells_the_figures_of_all(tmp_path):
    workers = [Metrics(name, (VERIFY,), tmp_path) for name in ("w0", "w1")]
    for number, metrics in enumerate(workers, 1):
        for _ in range(number):
            metrics.observe(VERIFY, "000", 0.001)
        metrics.leave()
    workers[0].observe(VERIFY, "000", 0.001)
    found = told(workers[0])
    assert found["xiangka_gateway_answers_total", VERIFY, "000", "w0"] == 2
    assert found["xiangka_gateway_answers_total", VERIFY, "000", "w1"] == 2
    (tmp_path / "metrics-w1.json").write_text("{")
    assert ("xiangka_gateway_answers_total", VERIFY, "000", "w1") not in told(workers[0])


def test_a_folder_that_is_gone_ends_nobody(tmp_path):
    Metrics("w0", (), tmp_path / "gone").leave()


def test_processor_time_and_memory_of_each_process_are_told(tmp_path):
    metrics = Metrics("w0", (), tmp_path)
    (tmp_path / "metrics-w1.json").write_text(
        json.dumps({**metrics.figures(), "cpu_s": 7.5, "resident": None, "private": None})
    )
    before = told(metrics)
    held = bytearray(64 * 1024 * 1024)
    for place in range(0, len(held), 1024):
        held[place] = 1
    after = told(metrics)
    assert after["process_cpu_seconds_total", "w0"] > before["process_cpu_seconds_total", "w0"]
    grown = after["process_resident_memory_bytes", "w0"] - before["process_resident_memory_bytes", "w0"]
    assert 0.9 * len(held) < grown < 2 * len(held)
    assert after["process_cpu_seconds_total", "w1"] == 7.5
    assert ("process_resident_memory_bytes", "w1") not in after
    assert ("xiangka_private_memory_bytes", "w1") not in after


def test_a_file_that_is_mapped_and_read_is_no_memory_of_the_process_itself(tmp_path):
    file = tmp_path / "database"
    file.write_bytes(bytes(64 * 1024 * 1024))
    metrics = Metrics("w0", (), tmp_path)
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        before = told(metrics)
        assert sum(mapped[place] for place in range(0, len(mapped), 1024)) == 0
        after = told(metrics)
        grown = {
            name: after[name, "w0"] - before[name, "w0"]
            for name in ("process_resident_memory_bytes", "xiangka_private_memory_bytes")
        }
        assert grown["process_resident_memory_bytes"] > 0.9 * len(mapped)
        assert grown["xiangka_private_memory_bytes"] < 0.1 * len(mapped)


def test_what_a_platform_tells_of_itself(api, bench):
    bench.platform.gateway.observe, bench.platform.writer.on_batch = api.metrics.observe, api.metrics.batch
    api.metrics.queue = lambda: bench.platform.writer.waiting
    code = bench.dynamic(bench.register())
    assert [bench.verify(code).code for _ in range(2)] == ["000", "406"]
    api.ask("GET", "/keys")
    answer = api.plain("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = samples(answer.text)
    assert found["xiangka_gateway_answers_total", (("method", VERIFY), ("outcome", "000"))] == 1
    assert found["xiangka_gateway_answers_total", (("method", VERIFY), ("outcome", "406"))] == 1
    assert found["xiangka_api_answers_total", (("route", "/api/v1/keys"), ("status", "200"))] == 1
    assert found["xiangka_batch_items_count", ()] >= 2
    assert found["xiangka_queue_items", ()] == 0
    assert found["xiangka_lock_outs_total", ()] == 0


@pytest.mark.parametrize(
    ("client", "by", "status"),
    [
        ("127.0.0.1", "", 200),
        ("::1", "", 200),
        ("10.0.0.7", "", 401),
        ("10.0.0.7", "officer-a", 403),
        ("10.0.0.7", "auditor", 200),
    ],
)
def test_from_elsewhere_only_with_a_token(api, client, by, status):
    headers = {"Authorization": f"Bearer {api.tokens[by]}"} if by else {}
    assert api.plain("GET", "/metrics", client=(client, 1), headers=headers).status_code == status
