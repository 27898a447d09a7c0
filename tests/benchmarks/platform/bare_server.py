"""The floor: the platform's own server answering a typed POST and nothing else.

``bare_server.py PORT`` is uvicorn as it comes; ``bare_server.py PORT joined`` writes each answer at once, as the
platform does.
"""

from __future__ import annotations

import gc
import sys

import msgspec
import uvicorn

from reference_impl.door.joined_writes import JoiningProtocol


class Envelope(msgspec.Struct):
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


_decode = msgspec.json.Decoder(Envelope).decode
_ANSWER = b'{"code":"000","message":"' + b"-" * 700 + b'"}'
"""As long as an answer to a verification."""


async def app(scope, receive, send) -> None:
    message = await receive()
    _decode(message["body"])
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_ANSWER))],
        }
    )
    await send({"type": "http.response.body", "body": _ANSWER})


if __name__ == "__main__":
    gc.collect()
    gc.freeze()
    uvicorn.run(
        app,
        port=int(sys.argv[1]),
        loop="uvloop",
        http=JoiningProtocol if sys.argv[2:] == ["joined"] else "httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        interface="asgi3",
    )
