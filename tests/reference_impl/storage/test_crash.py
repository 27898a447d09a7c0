"""What was answered is there after the process was killed, and nothing is there by half."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from reference_impl.records import audit
from reference_impl.refusals import OUTCOMES
from reference_impl.storage.schema import AUDIT, CARDS, PERSONS, SPENT

TESTS = Path(__file__).parents[1]
WORK = """
import json, sys
from pathlib import Path
options = json.loads(sys.argv[1])
sys.path.insert(0, options["tests"])
from conftest import Bench, TurnableClock, open_platform
clock = TurnableClock()
bench = Bench(open_platform(Path(options["data"]), clock=clock, database_url=options["url"]), clock)
for serial in range(1, 1000):
    card = bench.register(serial)
    code = bench.dynamic(card)
    assert bench.verify(code).success
    print(json.dumps([card, code]), flush=True)
"""


@pytest.mark.parametrize("answered", [1, 12])
def test_what_was_answered_outlasts_a_killed_process(open_bench, database_url, tmp_path, answered):
    options = {"tests": str(TESTS), "data": str(tmp_path / "data"), "url": database_url}
    with subprocess.Popen(
        [sys.executable, "-c", WORK, json.dumps(options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        lines = [process.stdout.readline() for _ in range(answered)]
        process.kill()
        rest, errors = process.communicate(timeout=20)
    told = [json.loads(line) for line in (*lines, *rest.splitlines()) if line.endswith(("]\n", "]"))]
    assert len(told) >= answered, errors

    bench = open_bench()
    for card_id, code in told:
        assert OUTCOMES[bench.verify(code).code].name == "reused_code"
        assert bench.call("ehc.ehealthcode.query", {"ehealth_card_id": card_id}).success
    with bench.platform.readers.connect() as connection:
        found = audit.check(connection, bench.platform.parts.keyring.audit_versions)
        uses = select(func.count()).where(AUDIT.c.op == "ehc.ehealthcode.verify", AUDIT.c.outcome == "000")
        persons, cards, spent = (
            connection.scalar(select(func.count()).select_from(table)) for table in (PERSONS, CARDS, SPENT)
        )
        # One request more may have been written than was told of: its answer was on its way.
        assert 0 <= connection.scalar(uses) - len(told) <= 1
    assert found.first_bad is None
    assert persons == cards
    assert 0 <= cards - len(told) <= 1
    requests_after = 2 * len(told)
    assert 0 <= spent - requests_after - 4 * len(told) <= 4
