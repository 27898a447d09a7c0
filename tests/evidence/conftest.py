"""One small sealed and signed run a session; a test that does harm takes a copy."""

import pytest

from tests.evidence.sealed_runs import add_report, add_signers, make_run, make_signers, read_all, seal, sign_run
from xiangka.publishing import bundle


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """Folder of a centre's keys and of its signers'."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="session")
def signers(keys):
    """Laboratory and authoriser of one centre, and its public certificates."""
    return make_signers(keys)


@pytest.fixture(scope="session")
def others(keys, signers, tmp_path_factory):
    """Laboratory and authoriser of another organisation, of the same centre."""
    return add_signers(tmp_path_factory.mktemp("others"), keys / "centre", "另一检测所")


@pytest.fixture(scope="session")
def signed_run(tmp_path_factory, signers):
    """Folder of a run signed by both, with a report added that both signed too. Not to be written into."""
    folder = sign_run(seal(make_run(tmp_path_factory.mktemp("runs") / "run")), *signers.both)
    add_report(folder, *signers.both)
    return folder


@pytest.fixture(scope="session")
def files(signed_run):
    """Every file of the signed run."""
    return read_all(signed_run)


@pytest.fixture(scope="session")
def sealed(signed_run, tmp_path_factory):
    """The signed run as a ZIP, its bytes."""
    return bundle(signed_run, tmp_path_factory.mktemp("bundle") / "run.zip").read_bytes()
