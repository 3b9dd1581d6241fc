"""The virtual system: the same dispatcher and supervisors on a virtual clock, as fast as the processor goes.

Replays, sweeps, simulations and chaos tests run here. I/O tasks do not run at all (what they should
perform goes to `on_perform`). The same tree, seed and inputs give the same run.
"""

from collections.abc import Mapping

from actors.runtime.asks import ASK_TIMEOUT_NS
from actors.runtime.behaviour import Address, ExitReason, SupervisorSpec
from actors.runtime.cells import Reply
from actors.runtime.hosts import Host
from actors.runtime.specs import Kind
from actors.runtime.system import System
from engine.invariant import InvariantBroken


class VirtualSystem(System):
    """One engine on a virtual clock."""

    def __init__(
        self, tree: SupervisorSpec, start_at: int = 0, seed: int = 0, hosts: Mapping[Kind, Host] | None = None
    ) -> None:
        """Make it without starting anything; `hosts` replaces what carries lives of a kind (for tests)."""
        super().__init__(tree, start_at, seed, interrupts=(KeyboardInterrupt, InvariantBroken))
        self.lives.hosts.update(hosts or {})

    def start(self, *, wait: bool = True) -> None:
        """Start the tree in order. With `wait`, let virtual time pass until all are ready.

        Raises `StartFailed`, after unwinding, with the child that failed and why.
        """
        with self.operation():
            self._start()
        while wait and self.starting:
            self._next_timer()
        if self.ended is not None and self.ended[1] is not None:
            raise self.ended[1]

    # A second name, not a method around it: this is the path of every replayed frame.
    put = System._put_at  # noqa: SLF001

    def advance(self, to: int) -> None:
        """Let time pass until `to`, firing what is due."""
        if self.ended is None:
            self._pass_time(to)

    def post(self, address: Address, message: object, timeout_ns: int = ASK_TIMEOUT_NS) -> Reply:
        """Put an ask in and return at once; look at the reply later."""
        return self._post_at(self.now, address, message, timeout_ns)

    def ask(self, address: Address, message: object, timeout_ns: int = ASK_TIMEOUT_NS) -> object:
        """Ask and let virtual time pass until the answer is there. Raises an `AskError` if none comes."""
        reply = self.post(address, message, timeout_ns)
        while not reply.done:
            self._next_timer()
        return reply.result()

    def stop(self) -> None:
        """Stop the tree in reverse order, letting time pass as far as the slowest child needs."""
        with self.operation():
            self.root.stop(ExitReason.SHUTDOWN)
        while self.alive:
            self._next_timer()

    def _next_timer(self) -> None:
        due = self.dispatcher.timers.next_due()
        if due is None:
            raise RuntimeError("nothing is left that could happen")
        self._pass_time(max(due, self.now))
