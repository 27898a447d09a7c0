"""The peer: the same verification as most projects would write it.

FastAPI with models, SM3 and SM4 in pure Python (``gmssl``), one connection and one commit a request. Same tables, same
checks, same answer; only how is different.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import sys
import time
from base64 import b64decode, b64encode
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from gmssl import func, sm3, sm4
from pydantic import BaseModel

DATA = json.loads(Path(sys.argv[2]).read_text())
SECRET = DATA["app_secret"]
TOKEN_KEY = bytes.fromhex(DATA["token_key"])
WINDOW_MS, TTL_MS = 300_000, 300_000
EPOCH_MS = 1_577_836_800_000

app = FastAPI()
cards = sqlite3.connect(DATA["database"], check_same_thread=False)
ledger = sqlite3.connect(str(Path(DATA["database"]).with_suffix(".naive")), check_same_thread=False)
ledger.execute("PRAGMA journal_mode=WAL")
ledger.execute("PRAGMA synchronous=FULL")
ledger.execute("CREATE TABLE IF NOT EXISTS spent(k TEXT PRIMARY KEY)")
ledger.execute("CREATE TABLE IF NOT EXISTS audit(n INTEGER PRIMARY KEY, record TEXT)")
ledger.commit()


class Envelope(BaseModel):
    """The nine fields of a family-A request."""

    method: str
    app_id: str
    term_id: str
    version: str
    timestamp: str
    digest_type: str
    digest: str
    enc_type: str
    biz_content: str


class Answer(Envelope):
    """A request's fields and the outcome."""

    code: str
    message: str


def digest(fields: dict[str, str]) -> str:
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "digest")
    return sm3.sm3_hash(func.bytes_to_list(f"{text}&app_secret={SECRET}".encode())).upper()


def cipher(mode: int) -> sm4.CryptSM4:
    made = sm4.CryptSM4()
    made.set_key(SECRET.encode()[:16], mode)
    return made


def refused(code: str) -> Answer:
    return Answer.model_construct(**dict.fromkeys(Answer.model_fields, ""), code=code)


@app.post("/gateway")
async def gateway(envelope: Envelope) -> Answer:
    fields = envelope.model_dump()
    now = int(time.time() * 1000)
    plain = cipher(sm4.SM4_DECRYPT).crypt_ecb(b64decode(fields["biz_content"])).decode()
    if digest({**fields, "biz_content": plain}) != fields["digest"]:
        return refused("106")
    if abs(now - int(fields["timestamp"])) > WINDOW_MS:
        return refused("107")
    card_id, _, token = json.loads(plain)["ehealth_code"].split(":")
    raw = bytes.fromhex(token)
    mac = hmac.new(TOKEN_KEY, raw[:8] + card_id.encode(), lambda data=b"": hashlib.new("sm3", data)).digest()[:8]
    if mac != raw[8:] or now - EPOCH_MS - int.from_bytes(raw[1:6]) > TTL_MS:
        return refused("403")
    row = cards.execute(
        "SELECT c.state, p.mindex_id FROM cards c JOIN persons p USING (person_no) WHERE c.card_id = ?",
        (bytes.fromhex(card_id),),
    ).fetchone()
    if row is None or row[0] != "2":
        return refused("301")
    try:
        ledger.execute("INSERT INTO spent VALUES (?)", (fields["digest"],))
        ledger.execute("INSERT INTO spent VALUES (?)", (token,))
        ledger.execute("INSERT INTO audit(record) VALUES (?)", (json.dumps({"card": card_id, "at": now}),))
        ledger.commit()
    except sqlite3.IntegrityError:
        ledger.rollback()
        return refused("406")
    answer = {**fields, "timestamp": str(now), "code": "000", "message": "ok"}
    answer["biz_content"] = json.dumps({"ehealth_card_id": card_id, "mindex_id": row[1], "filler": "-" * 200})
    sealed = cipher(sm4.SM4_ENCRYPT).crypt_ecb(answer["biz_content"].encode())
    return Answer(**{**answer, "digest": digest(answer), "biz_content": b64encode(sealed).decode()})


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", access_log=False, log_level="warning")
