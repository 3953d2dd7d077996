"""What leaves: on a connection that is open, on one that has to be opened first, on one that another worker has."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from sipedge.network.connections import Connections
from sipedge.pjsip.stack import Stack
from sipedge.proxy import commands
from sipedge.proxy.events import ConnectionClosed, ConnectionOpened, ForwardFailed, Undelivered
from sipedge.proxy.proxy import Proxy
from sipedge.settings import Settings
from sipedge.sip.responses import branch_of_request
from zones.zone import Hop

from .others.elsewhere import Elsewhere, worker_of_branch
from .turns import Turns
from .waiting import ToHop, Waiting


class Sending:
    """Belongs to the event loop."""

    def __init__(
        self,
        stack: Stack,
        connections: Connections,
        turns: Turns,
        elsewhere: Elsewhere,
        *,
        settings: Callable[[], Settings],
        proxy: Callable[[], Proxy],
        transmit: Callable[[int, bytes], None],
    ) -> None:
        """``settings``, ``proxy``: those in use. ``transmit``: as Server does, with what shows messages to others."""
        self._stack, self._connections, self._turns, self._elsewhere = stack, connections, turns, elsewhere
        self._settings, self._proxy, self._transmit = settings, proxy, transmit
        self._waiting = Waiting(elsewhere.waiting)
        elsewhere.crossed = self._crossed

    def waiting(self) -> dict[Hop, int]:
        """What waits for a connection to be opened."""
        return self._waiting.counts()

    def write(self, connection: int, data: bytes) -> bool:
        """False: the connection is gone."""
        if self._elsewhere.is_mine(connection):
            return self._connections.send(connection, data)
        return self._elsewhere.send(connection, data)

    def opened(self, hop: Hop, event: ConnectionOpened | None) -> None:
        """A connection for this hop is there, here or in another worker: what waits for it may leave."""
        if event is not None and self._elsewhere.is_mine(event.connection):
            self._elsewhere.superseded(hop)
        self._turns.carry_out(self._waiting.take(hop), event)

    def failed(self, hop: Hop, reason: str) -> None:
        """A connection for this hop did not come about."""
        for command in self._waiting.take(hop):
            self._fail(command, reason)

    def take_back(self, connection: int, reason: str, data: bytes) -> None:
        """A message did not arrive: a request fails and may be sent again, others find another connection."""
        branch = branch_of_request(data)
        if branch and self._elsewhere.take_back(worker_of_branch(branch), connection, reason, data):
            return
        if branch and self._stack.connection_of(branch) in (connection, 0):
            self._stack.abandon(branch)
            self._turns.put(ForwardFailed(branch, 503, reason, unsent=True))
        else:
            self._turns.put(Undelivered(connection, data))

    def closed(self, event: ConnectionClosed, unsent: list[bytes]) -> None:
        """A connection of this worker has ended."""
        for data in unsent[: self._settings().limits.waiting_per_hop]:  # more could not wait for another connection
            self.take_back(event.connection, event.reason, data)

    def forward(self, command: commands.Forward) -> None:
        connection = self._connection(command)
        if not connection:
            return
        if not self._is_open(connection):
            self._turns.put(ForwardFailed(command.branch, 503, "the connection is closed", unsent=True))
        elif not self._stack.forward(command.branch, connection, command.head, command.body):
            self._turns.put(ForwardFailed(command.branch, 503, "too many transactions are open"))

    def cancel(self, command: commands.Cancel) -> None:
        connection = self._stack.connection_of(command.branch)
        if connection == 0:  # it is gone, and the answer still awaited
            connection = self._connection(command)
        if connection:
            self._elsewhere.use(connection, self._stack)
            self._stack.cancel(command.branch, connection, command.data)  # comes back where nobody can write it

    def send(self, command: commands.Send) -> None:
        connection = self._connection(command)
        if connection:
            self._transmit(connection, command.data)

    def withdraw(self, command: commands.Withdraw) -> None:
        if self._waiting.abandon(command.branch):
            self._turns.put(ForwardFailed(command.branch, 487, "withdrawn before it was sent"))

    def abandon(self, command: commands.Abandon) -> None:
        self._waiting.abandon(command.branch)
        self._stack.abandon(command.branch)

    def connect(self, hop: Hop) -> None:
        """Here or in the worker that has the connections for this hop."""
        if not self._elsewhere.want(hop):
            self.connect_here(hop)

    def connect_here(self, hop: Hop) -> None:
        zone = next((zone for zone in self._settings().zones if zone.name == hop.zone), None)
        if zone is None:  # a reload has come between the look-up and its answer
            self.failed(hop, f'zone "{hop.zone}" is no longer configured')
            return
        self._connections.connect(hop, zone.tls, self._proxy().source_address(hop))

    def _crossed(self, hop: Hop, messages: int) -> None:
        """See Elsewhere."""
        most = self._settings().limits.own_connection_after
        if self._elsewhere.crossing.is_worth_one(hop, messages, most, monotonic()):
            self.connect_here(hop)

    def close(self, command: commands.Close) -> None:
        if not self._elsewhere.shut(command.connection, command.reason):
            self._connections.close(command.connection, command.reason)

    def _is_open(self, connection: int) -> bool:
        if self._elsewhere.is_mine(connection):
            return self._connections.is_open(connection)
        return self._elsewhere.use(connection, self._stack)

    def _connection(self, command: ToHop) -> int:
        """The connection to use; 0 when the command has to wait for it or has failed."""
        hop = command.hop
        connection = hop.connection or self._connections.find(hop) or self._elsewhere.find(hop)
        if connection:
            return connection
        if self._waiting.count(hop) >= self._settings().limits.waiting_per_hop:
            self._fail(command, "too many requests wait for this connection")
        elif self._waiting.add(command):
            self.connect(hop)
        return 0

    def _fail(self, command: ToHop, reason: str) -> None:
        if isinstance(command, commands.Forward):
            self._turns.put(ForwardFailed(command.branch, 503, reason))
