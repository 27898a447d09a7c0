"""Standing: the table of changes, its trace, and who may act while each of three stands where."""

import itertools
import tempfile
from pathlib import Path

import pytest
from enrolment import NOW_MS, ORG, fresh, refusal_of
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from reference_impl.access import standing
from reference_impl.access.standing import Act, Standing
from reference_impl.refusals import RefusalError
from reference_impl.storage import epoch
from reference_impl.storage.schema import STANDING_CHANGES

STATES = ("applied", "authorised", "frozen", "deleted")

LAWFUL = {
    "applied": {"authorised", "deleted"},
    "authorised": {"frozen", "deleted"},
    "frozen": {"authorised", "deleted"},
    "deleted": set(),
}
"""Written by hand after docs/access.md, to be compared with what the code does."""

WAY_TO = {"applied": (), "authorised": ("authorised",), "frozen": ("authorised", "frozen"), "deleted": ("deleted",)}


def enrol_applied(enrolment, connection):
    enrolment.institution(connection, state=Standing.APPLIED)
    app_id = enrolment.app(connection, state=Standing.APPLIED).application.app_id
    enrolment.terminal(connection, app_id, state=Standing.APPLIED)
    return app_id


@pytest.mark.parametrize("kind", range(3), ids=("institution", "application", "terminal"))
@pytest.mark.parametrize(("old", "new"), list(itertools.product(STATES, STATES)))
def test_every_change_there_might_be(enrolment, connection, kind, old, new):
    app_id = enrol_applied(enrolment, connection)
    subject = enrolment.subjects(ORG, app_id)[kind]
    for step in WAY_TO[old]:
        standing.change(connection, subject, Standing(step), enrolment.act())
    before, lines = epoch.read(connection), len(standing.trace(connection, subject))
    if old == new:
        assert not standing.change(connection, subject, Standing(new), enrolment.act())
    elif new in LAWFUL[old]:
        assert standing.change(connection, subject, Standing(new), enrolment.act("因故", "admin", NOW_MS + 7))
        latest = standing.trace(connection, subject)[0]
        assert (latest.old_state, latest.new_state, latest.reason, latest.actor, latest.at_ms) == (
            old,
            new,
            "因故",
            "admin",
            NOW_MS + 7,
        )
    else:
        with pytest.raises(RefusalError, match="standing_fixed"):
            standing.change(connection, subject, Standing(new), enrolment.act())
    changed = new in LAWFUL[old]
    assert standing.locked_state(connection, subject) == (new if changed else old)
    assert (epoch.read(connection) > before) is changed
    assert len(standing.trace(connection, subject)) == lines + changed


@pytest.mark.parametrize("reason", ["", "x" * 129, "a\nb", "a\x00b", "\u202e"])
def test_an_act_says_why(reason):
    with pytest.raises(RefusalError) as caught:
        Act("admin", NOW_MS, reason)
    assert caught.value.field == "reason"


def test_what_is_unknown_has_no_standing(enrolment, connection):
    for subject, name in zip(
        enrolment.subjects("439900000099", "hn0"), ("institution", "app", "terminal"), strict=True
    ):
        with pytest.raises(RefusalError, match=f"unknown_{name}"):
            standing.change(connection, subject, Standing.DELETED, enrolment.act())


def test_deleting_takes_everything_beneath_and_nothing_beside(enrolment, connection):
    app_id = enrolment.one_of_each(connection)
    beside = enrolment.one_of_each(connection, "439900000002")
    mine, others = enrolment.subjects(ORG, app_id), enrolment.subjects("439900000002", beside)
    standing.change(connection, mine[0], Standing.DELETED, enrolment.act("结束"))
    assert [standing.locked_state(connection, subject) for subject in mine] == ["deleted"] * 3
    assert [standing.locked_state(connection, subject) for subject in others] == ["authorised"] * 3
    assert [standing.trace(connection, subject)[0].reason for subject in mine] == ["结束"] * 3
    enrolment.terminal(connection, beside, "T09", serial=f"SYN-{app_id}-T01")


@pytest.mark.parametrize("states", list(itertools.product(STATES, repeat=3)), ids="-".join)
def test_a_terminal_may_act_only_while_all_three_are_authorised(enrolment, states):
    with enrolment.engine.begin() as connection:
        enrolment.institution(connection, state=Standing(states[0]))
        app_id = enrolment.app_anyhow(connection, Standing(states[1]))
        enrolment.terminal_anyhow(connection, app_id, Standing(states[2]))
    said = refusal_of(lambda: enrolment.accounts.find(app_id).require("T01", "verify", NOW_MS))
    if states[:2] != ("authorised", "authorised"):
        assert said == "app_suspended"
    else:
        assert said == ("" if states[2] == "authorised" else "terminal_refused")


class Lives(RuleBasedStateMachine):
    """Any sequence of changes of three subjects that stand one beneath the other, against a model in a dictionary."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.enrolment = fresh(Path(self.folder.name))
        with self.enrolment.engine.begin() as connection:
            app_id = enrol_applied(self.enrolment, connection)
            self.subjects = self.enrolment.subjects(ORG, app_id)
            self.lines = len(connection.execute(select(STANDING_CHANGES)).all())
        self.model = ["applied"] * 3
        self.now = NOW_MS

    def teardown(self):
        self.enrolment.close()
        self.folder.cleanup()

    @rule(which=st.integers(0, 2), new=st.sampled_from(STATES))
    def change(self, which, new):
        self.now += 1
        old = self.model[which]
        act = Act("machine", self.now, "why not")
        with self.enrolment.engine.begin() as connection:
            if new == old or new in LAWFUL[old]:
                assert standing.change(connection, self.subjects[which], Standing(new), act) is (new != old)
            else:
                with pytest.raises(RefusalError):
                    standing.change(connection, self.subjects[which], Standing(new), act)
                return
        fallen = range(which, 3) if new == "deleted" else (which,)
        self.lines += sum(self.model[i] != new for i in fallen)
        for i in fallen:
            self.model[i] = new

    @precondition(lambda self: self.model[0] != "deleted")
    @rule()
    def undo(self):
        with self.enrolment.engine.connect() as connection, connection.begin() as begun:
            standing.change(connection, self.subjects[0], Standing.DELETED, Act("machine", self.now, "undone"))
            begun.rollback()

    @invariant()
    def as_the_model(self):
        with self.enrolment.engine.begin() as connection:
            assert [standing.locked_state(connection, subject).value for subject in self.subjects] == self.model
            assert len(connection.execute(select(STANDING_CHANGES)).all()) == self.lines
            for subject, state in zip(self.subjects, self.model, strict=True):
                trace = standing.trace(connection, subject)
                assert trace[0].new_state == state
                assert trace[-1].old_state == ""
                for later, earlier in itertools.pairwise(trace):
                    assert later.old_state == earlier.new_state
                    assert later.new_state in LAWFUL[earlier.new_state]


Lives.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestLives = Lives.TestCase
