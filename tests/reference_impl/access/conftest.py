"""A database of each test's own, and one transaction on it."""

import pytest
from enrolment import fresh


@pytest.fixture
def enrolment(tmp_path):
    enrolment = fresh(tmp_path)
    yield enrolment
    enrolment.close()


@pytest.fixture
def connection(enrolment):
    with enrolment.engine.begin() as connection:
        yield connection
