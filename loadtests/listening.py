"""The master's door: where workers find it, and that no more are let in than are expected."""

from __future__ import annotations

from locust.env import Environment
from locust.exception import RPCError
from locust.rpc.protocol import Message
from locust.runners import MasterRunner
from zmq.error import ZMQError

from loadtests.errors import GeneratorError

_NO_PLACE = -1


class Door(MasterRunner):
    """Locust's master, which would share the users among whoever comes, at any time, and so take some from the others.

    Whoever is one too many is answered, so that it listens and can be told; it gets no user.
    """

    size = 0
    """So many workers are let in."""

    def handle_message(self, client_id: str, msg: Message) -> None:
        """As Locust's, but for the worker that is one too many."""
        if msg.type == "client_ready" and client_id not in self.clients and len(self.clients) >= self.size:
            self.send_message("ack", {"index": _NO_PLACE}, client_id)
        else:
            super().handle_message(client_id, msg)


def listen(environment: Environment, bind: str, port: int, size: int) -> Door:
    """Wait for workers.

    Args:
        environment: Locust's.
        bind: the address they come to.
        port: its port; 0 takes a free one.
        size: how many are let in.

    Raises:
        GeneratorError: nobody can listen there.
    """
    try:
        door = Door(environment, bind, port)
    except (RPCError, ZMQError, SystemExit) as error:
        # Of a port that is in use Locust only says so in its log, and ends the process.
        raise GeneratorError(
            f"the generator cannot listen for its workers ({error.__context__ or error})",
            where=f"{bind}:{port}",
            remedy="name an address of this machine with --bind, and end whatever else listens on that port",
        ) from error
    door.size = size
    environment.runner = door
    return door
