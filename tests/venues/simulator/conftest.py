"""One small simulated evening, generated once for all tests here, and a client for the served one."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
import yaml
from cryptography.hazmat.primitives import serialization
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from trio_websocket import WebSocketConnection, open_websocket_url

from venues.kalshi.auth import Signer
from venues.simulator.evening import generate
from venues.simulator.service import ServiceSettings, Simulator, serve
from venues.simulator.world.settings import EveningSettings, Output

STREAM_PATH = "/trade-api/ws/v2"


@pytest.fixture(scope="session")
def small() -> EveningSettings:
    """Two played games, one postponed and one cancelled."""
    return EveningSettings(seed=5, games=2, postponed=True, cancelled=True)


@pytest.fixture(scope="session")
def outputs(small: EveningSettings) -> list[Output]:
    """Everything that a client records of the small evening."""
    return list(generate(small))


@pytest.fixture
async def started(nursery: trio.Nursery) -> Callable[[ServiceSettings], Awaitable[Simulator]]:
    """Starts a simulator that ends with the test."""

    async def start(settings: ServiceSettings) -> Simulator:
        simulator: Simulator = await nursery.start(partial(serve, settings))
        return simulator

    return start


@attrs.frozen
class StreamClient:
    """A client of the simulated stream that speaks and reads JSON."""

    socket: WebSocketConnection

    async def command(self, number: int, name: str, **params: object) -> None:
        """Send one command."""
        await self.socket.send_message(json.dumps({"id": number, "cmd": name, "params": params}))

    async def frame(self) -> dict[str, Any]:
        """The next frame."""
        loaded: dict[str, Any] = json.loads(await self.socket.get_message())
        return loaded

    async def frame_of(self, kind: str) -> dict[str, Any]:
        """The next frame of a type."""
        while (frame := await self.frame())["type"] != kind:
            pass
        return frame


def signer(simulator: Simulator) -> Signer:
    """The engine's own signer with the key that the simulator made."""
    assert simulator.key is not None
    key: Any = serialization.load_pem_private_key(simulator.key.private_pem, password=None)
    return Signer(simulator.key.key_id, key)


@pytest.fixture
def sign() -> Callable[[Simulator, str, str], dict[str, str]]:
    """Signs a request (method, path) for a simulator."""

    def signed(simulator: Simulator, method: str, path: str) -> dict[str, str]:
        return dict(signer(simulator).headers(method, path, simulator.clock.stamp()))

    return signed


@pytest.fixture
def stream_client() -> Callable[[Simulator], Any]:
    """Opens a signed stream to a simulator."""

    @asynccontextmanager
    async def open_stream(simulator: Simulator) -> AsyncGenerator[StreamClient]:
        headers = signer(simulator).headers("GET", STREAM_PATH, simulator.clock.stamp())
        extra = [(name.encode(), value.encode()) for name, value in headers.items()]
        async with open_websocket_url(simulator.addresses.kalshi_stream, extra_headers=extra) as socket:
            try:
                yield StreamClient(socket)
            finally:
                # trio-websocket leaves the socket open when the other side has closed the connection.
                await socket.aclose()
                await trio.aclose_forcefully(socket._stream)

    return open_stream


@cache
def document(path: Path) -> dict[str, Any]:
    """A specification, with OpenAPI 3.0's `nullable` said in JSON Schema's way."""
    loaded: dict[str, Any] = modern(yaml.safe_load(path.read_text()))
    return loaded


def modern(node: object) -> Any:  # noqa: ANN401 - a schema may be anything
    """The same schema without OpenAPI 3.0's `nullable`."""
    if isinstance(node, list):
        return [modern(item) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {key: modern(value) for key, value in node.items() if key != "nullable"}
    if node.get("nullable") is True:
        return {"anyOf": [changed, {"type": "null"}]}
    return changed


@cache
def validator(path: Path, pointer: str) -> Draft202012Validator:
    """A validator for the schema at a place in a specification."""
    resource = Resource.from_contents(document(path), default_specification=DRAFT202012)
    registry = Registry().with_resource("urn:spec", resource)
    return Draft202012Validator({"$ref": f"urn:spec#{pointer}"}, registry=registry)


def answer_pointer(path: str) -> str:
    """Where an endpoint's answer is described."""
    escaped = path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
    return f"/paths/{escaped}/get/responses/200/content/application~1json/schema"


def problems(check: Draft202012Validator, body: object) -> list[str]:
    return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in check.iter_errors(body)]


@pytest.fixture(scope="session")
def frame_problems(shared: Path) -> Callable[[str, object], list[str]]:
    """What the published schema of a stream payload finds wrong with a frame."""
    path = shared / "specs/kalshi/asyncapi.yaml"
    return lambda name, frame: problems(validator(path, f"/components/schemas/{name}"), frame)


@pytest.fixture(scope="session")
def answer_problems(shared: Path) -> Callable[[str, str, object], list[str]]:
    """What the published schema of a service's endpoint finds wrong with a body."""

    def found(service: str, path: str, body: object) -> list[str]:
        return problems(validator(shared / f"specs/{service}/openapi.yaml", answer_pointer(path)), body)

    return found
