"""The windows of the terminal view: halt and resume with their reason, all of a row, and the help.

Opened by `app`. A change is sent only when a reason stands there and its button was pressed; the same
window sends the same request id, so that pressing again never does it twice.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import ClassVar, Final

import attrs
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.markup import escape
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static
from typing_extensions import override

from tipoff.control.client import new_request_id
from tipoff.output import Failure, harmless, harmless_line
from tipoff.top.poller import Connect

HELP: Final = """\
Tab, left, right   another pane
1 to 5             Games, Books, Strategies, Actors, Journal
up, down           another row; in Games it chooses the books shown
PgUp PgDn Home End further; at its end the Journal follows new facts
Enter              all of the row, in full

h  halt all trading: cancels what rests; only a resume ends it
r  resume; both need a reason, which is kept in the journal
q  quit; the daemon goes on

A small terminal shows one page of panes at a time.
pessimistic, base, optimistic: the same fills under three readings
of the market data. sig., ord.: signals and orders. trust: only a
trusted book gives signals and fills. Moments are UTC. What is
wrong is marked with !"""


@attrs.frozen(kw_only=True)
class Request:
    """What a window can do: the method, its button, and what people must know before."""

    method: str
    verb: str
    warning: str


HALT: Final = Request(
    method="halt",
    verb="Halt",
    warning="Halts all trading at once and cancels what rests.\nOnly a resume ends it, restarts do not.",
)
RESUME: Final = Request(
    method="resume", verb="Resume", warning="Ends the halt of all trading: orders are sent again."
)


class Window(ModalScreen[str | None]):
    """Closes on Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def action_leave(self) -> None:
        """Close without having done anything."""
        _ = self.dismiss(None)


class Reading(Window):
    """A text to read; any of the usual keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, "leave", show=False) for key in ("enter", "q", "question_mark")),
    ]

    def __init__(self, title: str, text: str) -> None:
        """`text` is shown as it is."""
        super().__init__()
        self._title, self._text = harmless_line(title), harmless(text)

    @override
    def compose(self) -> ComposeResult:
        with Vertical(classes="window") as box:
            box.border_title = escape(self._title)
            with VerticalScroll():
                yield Static(self._text, markup=False)
            yield Label("Esc closes", classes="quiet")


class Acting(Window):
    """Asks for a reason and a press of the button, acts, and shows a refusal."""

    def __init__(self, request: Request, connect: Connect) -> None:
        """Nothing is sent until the button is pressed."""
        super().__init__()
        self._request, self._connect = request, connect
        self._request_id = new_request_id()
        self._busy = False

    @override
    def compose(self) -> ComposeResult:
        with Vertical(classes="window") as box:
            box.border_title = f"{self._request.verb} trading"
            yield Static(harmless(self._request.warning), markup=False)
            yield Input(placeholder="reason, kept in the journal", id="reason", max_length=500)
            with Horizontal(classes="buttons"):
                yield Button(self._request.verb, id="act", variant="warning", flat=True)
                yield Button("Leave it", id="leave", flat=True)
            yield Static(
                "Enter goes to the button, Enter again presses it; Esc leaves it", id="outcome", markup=False
            )

    def on_mount(self) -> None:
        """Begin with the reason."""
        self.query_one("#reason", Input).focus()

    def on_input_submitted(self) -> None:
        """A reason was given: the button is next."""
        if self._reason():
            self.query_one("#act", Button).focus()
        else:
            self._say("a reason is needed")

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        """Act, or leave it."""
        if event.button.id == "leave":
            _ = self.dismiss(None)
        elif not self._reason():
            self._say("a reason is needed")
            self.query_one("#reason", Input).focus()
        elif not self._busy:
            self._busy = True
            self._say("asking the daemon …")
            self.run_worker(self._operate(), exit_on_error=True)

    async def _operate(self) -> None:
        call = self._call(self._reason())
        try:
            outcome = await asyncio.to_thread(call)
        except Failure as failure:
            self._say("\n".join([f"! not done: {failure}", *map(str, failure.details)]))
            self._busy = False
            return
        _ = self.dismiss(outcome)

    def _call(self, reason: str) -> Callable[[], str]:
        def call() -> str:
            client = self._connect()
            try:
                done = client.operate(self._request.method, self._request_id, scope="all", reason=reason)
            finally:
                client.close()
            return str(done["outcome"]) if isinstance(done, Mapping) else "done"

        return call

    def _reason(self) -> str:
        return self.query_one("#reason", Input).value.strip()

    def _say(self, text: str) -> None:
        self.query_one("#outcome", Static).update(harmless(text))
