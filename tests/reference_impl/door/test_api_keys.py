"""Keys through the API: rotation, dual control, replacing the root, security modules of terminals."""

import random
from dataclasses import replace
from functools import partial

import pytest

from reference_impl.door.opening import open_root
from reference_impl.door.options import PlatformOptions
from reference_impl.keys.key_file import next_file
from reference_impl.wire.sm2 import generate
from reference_impl.wire.terminal_module import Injection, ModuleError, SoftwareModule, Succession, WipeOrder

REVOKE = {"operation": "revoke-key", "argument": {"purpose": "token", "version": 1}}


def versions(api, purpose):
    return {k["version"]: k["state"] for k in api.ask("GET", "/keys").json()["keys"] if k["purpose"] == purpose}


def test_no_answer_holds_key_material(api):
    keyring = api.bench.platform.parts.keyring
    secrets = [keyring.card_id, keyring.person_lookup, keyring.audit, *keyring.tokens.values(), keyring.signing.private]
    told = api.ask("GET", "/keys").text + api.ask("POST", "/keys/token/rotation", {"grace_s": 1}).text
    assert not [secret for secret in secrets if secret.hex() in told.lower()]


def test_a_rotated_key_lets_the_old_codes_pass_for_a_while(api, bench):
    card_id = bench.register()
    old, older = bench.dynamics(card_id, 2)
    made = api.ask("POST", "/keys/token/rotation", {"grace_s": 20})
    assert (made.status_code, made.json()["version"], made.json()["state"]) == (201, 2, "active")
    assert versions(api, "token") == {1: "grace", 2: "active"}
    fresh = bench.dynamic(card_id)
    assert bench.verify(old).success
    bench.clock.now += 21
    assert bench.verify(fresh).success
    assert bench.verify(older).code == "405"
    assert versions(api, "token") == {1: "retired", 2: "active"}


def test_a_rotation_is_on_the_audit_once(api):
    api.ask("POST", "/keys/token/rotation", {"grace_s": 5})
    (record,) = [r for r in api.audited() if r["op"] == "api.key.rotate"]
    assert (record["actor"], record["outcome"]) == ("admin", "000")
    assert record["detail"] == {"grace_s": "5.0", "owner": "", "purpose": "token"}


def test_a_refused_rotation_changes_nothing_and_is_on_the_audit(api):
    before = api.ask("GET", "/keys").json()
    assert api.ask("POST", "/keys/card-id/rotation", {"grace_s": 5}).status_code == 409
    assert api.ask("GET", "/keys").json() == before
    (record,) = [r for r in api.audited() if r["op"] == "api.key.rotate"]
    assert record["outcome"] == "602"


def test_an_institution_has_a_key_of_its_own_to_rotate(api):
    owner = "439900000001"
    before = api.ask("GET", "/keys", params={"owner": owner}).json()["keys"]
    made = api.ask("POST", "/keys/institution/rotation", {"grace_s": 0, "owner": owner}).json()
    assert (made["owner"], made["version"]) == (owner, before[-1]["version"] + 1)
    assert api.bench.register()


class TestDualControl:
    def test_one_proposes_and_another_carries_it_out(self, api, bench):
        code = bench.dynamic(bench.register())
        proposed = api.ask("POST", "/key-requests", REVOKE, by="officer-a").json()
        assert (proposed["state"], proposed["proposed_by"]) == ("proposed", "officer-a")
        assert versions(api, "token") == {1: "active"}
        done = api.ask("POST", f"/key-requests/{proposed['request_id']}/approval", by="officer-b").json()
        assert (done["state"], done["approved_by"]) == ("done", "officer-b")
        assert versions(api, "token") == {1: "revoked", 2: "active"}
        assert bench.verify(code).code == "403"
        records = [(r["op"], r["actor"], r["outcome"]) for r in api.audited() if r["op"].startswith("api.key.")]
        assert records == [("api.key.propose", "officer-a", "000"), ("api.key.approve", "officer-b", "000")]

    def test_nobody_approves_alone(self, api):
        proposed = api.ask("POST", "/key-requests", REVOKE, by="officer-a").json()
        answer = api.ask("POST", f"/key-requests/{proposed['request_id']}/approval", by="officer-a")
        assert (answer.status_code, answer.json()["code"]) == (403, "same_officer")
        assert versions(api, "token") == {1: "active"}
        assert [r["outcome"] for r in api.audited() if r["op"] == "api.key.approve"] == ["612"]

    def test_a_proposal_lasts_a_day(self, api, bench):
        proposed = api.ask("POST", "/key-requests", REVOKE, by="officer-a").json()
        bench.clock.now += 24 * 3600
        answer = api.ask("POST", f"/key-requests/{proposed['request_id']}/approval", by="officer-b")
        assert answer.json()["code"] == "key_request_expired"
        assert api.ask("GET", "/key-requests").json()["requests"][0]["state"] == "expired"

    def test_whoever_rejects_ends_it(self, api):
        path = f"/key-requests/{api.ask('POST', '/key-requests', REVOKE, by='officer-a').json()['request_id']}"
        assert api.ask("POST", f"{path}/rejection", by="officer-a").json()["state"] == "rejected"
        assert api.ask("POST", f"{path}/approval", by="officer-b").json()["code"] == "key_request_settled"

    @pytest.mark.parametrize("path", ["0" * 32, "f" * 32])
    def test_what_was_never_proposed(self, api, path):
        assert api.ask("POST", f"/key-requests/{path}/approval", by="officer-b").status_code == 404

    def test_the_root_is_replaced_under_the_running_platform(self, api, bench, open_bench, tmp_path):
        card_id = bench.register()
        key_file = tmp_path / "data" / "key-encryption.key"
        before = key_file.read_bytes()
        asked = {"operation": "replace-root", "argument": {}}
        proposed = api.ask("POST", "/key-requests", asked, by="officer-b").json()
        done = api.ask("POST", f"/key-requests/{proposed['request_id']}/approval", by="officer-a")
        assert (done.status_code, done.json()["state"]) == (200, "done")
        assert bench.verify(bench.dynamic(card_id)).success
        assert api.ask("POST", "/keys/token/rotation", {"grace_s": 5}).status_code == 201
        again = open_bench()
        assert again.verify(again.dynamic(card_id)).success
        assert key_file.read_bytes() != before
        assert not next_file(key_file).exists()

    def test_a_root_in_an_hsm_is_replaced_under_the_running_platform(self, open_bench, make_api, hsm_place, tmp_path):
        place = replace(hsm_place, key="replaced-through-the-api")
        bench = open_bench(root=partial(open_root, PlatformOptions(tmp_path / "data", hsm=place)))
        api, card_id = make_api(bench), bench.register()
        before = bench.platform.memory.root.mark
        asked = {"operation": "replace-root", "argument": {}}
        orphan, proposed = (api.ask("POST", "/key-requests", asked, by="officer-b").json() for _ in "12")
        done = api.ask("POST", f"/key-requests/{proposed['request_id']}/approval", by="officer-a")
        assert (done.status_code, done.json()["state"]) == (200, "done")
        assert bench.verify(bench.dynamic(card_id)).success
        marks = {before.hex(), orphan["argument"]["mark"], proposed["argument"]["mark"]}
        assert len(marks) == 3
        again = open_bench(root=partial(open_root, PlatformOptions(tmp_path / "data", hsm=place)))
        assert again.platform.memory.root.mark.hex() == proposed["argument"]["mark"]
        assert again.verify(again.dynamic(card_id)).success

    def test_a_root_that_cannot_be_reached_is_told_and_nothing_is_changed(self, api, bench, tmp_path):
        asked = {"operation": "replace-root", "argument": {}}
        proposed = api.ask("POST", "/key-requests", asked, by="officer-a").json()
        waiting = next_file(tmp_path / "data" / "key-encryption.key")
        waiting.unlink()
        path = f"/key-requests/{proposed['request_id']}/approval"
        told = api.ask("POST", path, by="officer-b")
        assert (told.status_code, told.json()["code"]) == (503, "root_unavailable")
        assert str(tmp_path) not in told.text
        assert api.ask("GET", "/key-requests").json()["requests"][0]["state"] == "proposed"
        waiting.mkdir()
        told = api.ask("POST", "/key-requests", asked, by="officer-a")
        assert (told.status_code, told.json()["code"]) == (503, "root_unavailable")
        assert bench.register()

    def test_an_audit_key_is_revoked_and_the_audit_still_proves_itself(self, api, bench, open_bench, make_api):
        bench.register()
        assert api.ask("POST", "/keys/audit/rotation", {"grace_s": 0}).status_code == 201
        revoke = {"operation": "revoke-key", "argument": {"purpose": "audit", "version": 1}}
        proposed = api.ask("POST", "/key-requests", revoke, by="officer-a").json()
        done = api.ask("POST", f"/key-requests/{proposed['request_id']}/approval", by="officer-b")
        assert (done.status_code, versions(api, "audit")) == (200, {1: "revoked", 2: "active"})
        assert bench.verify(bench.dynamic(bench.register(2))).success
        assert set(bench.platform.parts.keyring.audit_versions.keys) == {2}
        assert api.ask("GET", "/audit/check", by="auditor").json()["first_bad"] is None
        again = open_bench()
        assert again.register(3)
        assert make_api(again).ask("GET", "/audit/check", by="auditor").json()["first_bad"] is None


PLACE = {"serial": "SYN-PSAM-1", "term_id": "439900T01"}


class TestTerminalModules:
    def module(self, api, seed=1):
        public = bytes.fromhex(api.ask("GET", "/keys").json()["signing_public_keys"]["1"])
        return SoftwareModule(*PLACE.values(), generate(random.Random(seed).randbytes), public)

    def enrol(self, api, module):
        challenge = api.ask("POST", "/terminal-modules/challenges", PLACE).json()["challenge"]
        said = module.enrol(bytes.fromhex(challenge))
        body = {
            "app_id": api.bench.credentials.app_id,
            **PLACE,
            "challenge": challenge,
            "public_key": said.public_key.hex(),
            "signature": said.signature.hex(),
        }
        return api.ask("POST", "/terminal-modules", body)

    def take(self, module, told):
        key, signature = bytes.fromhex(told["sealed_key"]), bytes.fromhex(told["signature"])
        module.take_key(Injection(told["serial"], told["version"], key, signature))

    def test_a_whole_life(self, api):
        module = self.module(api)
        enrolled = self.enrol(api, module)
        assert (enrolled.status_code, enrolled.json()["module"]["state"]) == (201, "keyed")
        self.take(module, enrolled.json()["injection"])
        assert module.prove(b"a code").version == 1
        self.take(module, api.ask("POST", "/terminal-modules/SYN-PSAM-1/key").json())
        assert module.prove(b"a code").version == 2
        (listed,) = api.ask("GET", "/terminal-modules", params={"org_code": "439900000001"}).json()["modules"]
        assert listed == api.ask("GET", "/terminal-modules/SYN-PSAM-1").json()
        assert (listed["key_version"], listed["term_id"]) == (2, "439900T01")
        order = api.ask("POST", "/terminal-modules/SYN-PSAM-1/wipe").json()
        module.wipe(WipeOrder(order["serial"], bytes.fromhex(order["signature"])))
        assert api.ask("POST", "/terminal-modules/SYN-PSAM-1/key").json()["code"] == "module_wiped"
        assert self.enrol(api, self.module(api)).json()["code"] == "module_wiped"

    def prove(self, api, shown, message):
        body = {"version": shown.version, "message": message.hex(), "mac": shown.mac.hex()}
        return api.ask("POST", "/terminal-modules/SYN-PSAM-1/proof", body)

    def test_what_passed_through_a_module_is_proved_under_its_present_key_only(self, api):
        module = self.module(api)
        self.take(module, self.enrol(api, module).json()["injection"])
        shown = module.prove(b"a code")
        assert self.prove(api, shown, b"a code").json()["key_version"] == 1
        assert self.prove(api, shown, b"another").json()["code"] == "bad_proof"
        missed = api.ask("POST", "/terminal-modules/SYN-PSAM-1/key").json()
        assert self.prove(api, shown, b"a code").json()["code"] == "bad_proof"
        repeated = api.ask("POST", "/terminal-modules/SYN-PSAM-1/key/repetition").json()
        assert repeated["version"] == missed["version"] == 2
        self.take(module, repeated)
        assert self.prove(api, module.prove(b"a code"), b"a code").status_code == 200
        api.ask("POST", "/terminal-modules/SYN-PSAM-1/wipe")
        for refused in (
            self.prove(api, module.prove(b"a code"), b"a code"),
            api.ask("POST", "/terminal-modules/SYN-PSAM-1/key/repetition"),
        ):
            assert (refused.status_code, refused.json()["code"]) == (409, "module_wiped")
        asked = [(r["op"], r["outcome"]) for r in api.audited() if r["op"] == "api.module.prove"]
        assert [outcome for _, outcome in asked] == ["000", "624", "624", "000", "622"]

    def test_a_module_follows_the_signing_key_while_the_one_it_trusts_is_in_grace(self, api, bench):
        module = self.module(api)
        self.take(module, self.enrol(api, module).json()["injection"])
        api.ask("POST", "/keys/platform-signing/rotation", {"grace_s": 60})
        with pytest.raises(ModuleError, match="does not come from the platform"):
            self.take(module, api.ask("POST", "/terminal-modules/SYN-PSAM-1/key").json())
        made = api.ask("POST", "/terminal-modules/successions", {"trusted_version": 1}).json()
        module.trust(Succession(bytes.fromhex(made["public_key"]), bytes.fromhex(made["signature"])))
        self.take(module, api.ask("POST", "/terminal-modules/SYN-PSAM-1/key/repetition").json())
        assert self.prove(api, module.prove(b"a code"), b"a code").status_code == 200
        bench.clock.now += 61
        late = api.ask("POST", "/terminal-modules/successions", {"trusted_version": 1})
        assert (late.status_code, late.json()["code"]) == (404, "unknown_key")

    def test_a_module_that_cannot_prove_itself(self, api, bench):
        module, impostor = self.module(api), self.module(api, seed=2)
        module.public_key = impostor.public_key
        assert self.enrol(api, module).json()["code"] == "bad_proof"
        assert api.ask("GET", "/terminal-modules/SYN-PSAM-1").status_code == 404
