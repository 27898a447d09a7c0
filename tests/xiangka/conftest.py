import pytest
from shell import Screen, Shell, serve_platform


@pytest.fixture
def shell(tmp_path):
    """A user's shell; whatever it started is ended with the test."""
    opened = Shell(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def screen():
    """A terminal for one command."""
    opened = Screen()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def platform(tmp_path_factory):
    """A card platform of one's own, for every test that does not harm it."""
    shell = Shell(tmp_path_factory.mktemp("platform"))
    yield serve_platform(shell)
    shell.close()
