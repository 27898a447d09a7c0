"""Defects on a platform that has no database file: each is put in, or says in one line that it cannot be."""

import pytest

from reference_impl.defects.table import DEFECTS
from reference_impl.errors import PlatformError

OF_THE_FILE = {"loses-audit-records", "swallows-disk-errors"}


@pytest.fixture
def database():
    return "postgresql"


def test_those_of_the_file_are_refused_and_all_others_put_in(open_bench):
    refused = {}
    for name, defect in DEFECTS.items():
        try:
            defect.apply(open_bench().platform)
        except PlatformError as error:
            refused[name] = str(error)
    assert set(refused) == OF_THE_FILE
    assert all("\n" not in said and "without --database" in said for said in refused.values())
