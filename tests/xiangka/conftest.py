import pytest
from shell import Shell


@pytest.fixture
def shell(tmp_path):
    """A user's shell; whatever it started is ended with the test."""
    opened = Shell(tmp_path)
    yield opened
    opened.close()
