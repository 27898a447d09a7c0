"""One small sealed and signed run a session; a test that does harm takes a copy."""

import pytest

from tests.evidence.sealed_runs import add_report, make_run, make_signers, seal, sign_run


@pytest.fixture(scope="session")
def signers(tmp_path_factory):
    """Laboratory and authoriser of one centre, and its public certificates."""
    return make_signers(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def signed_run(tmp_path_factory, signers):
    """Folder of a run signed by both, with a signed report added. Not to be written into."""
    folder = sign_run(seal(make_run(tmp_path_factory.mktemp("runs") / "run")), *signers.both)
    add_report(folder, signers.laboratory)
    return folder
