"""Error answers of both services, in every shape that clients have met.

Used by both REST services, for their own refusals and for those that are switched on as faults.
"""

from typing import Final

from venues.simulator.wire.faults import Faults
from venues.simulator.wire.http import Answer
from venues.simulator.wire.json_text import compact

CODES: Final = {
    400: "bad_request",
    401: "token_authentication_failure",
    403: "permission_denied",
    404: "not_found",
    429: "too_many_requests",
    500: "internal_server_error",
    502: "bad_gateway",
    503: "service_unavailable",
}
SHOTS: Final = {f"http_{status}": status for status in (401, 403, 429, 500, 502, 503)}
PLAIN: Final = "plain"
FLAT: Final = "flat"


def kalshi_refusal(status: int, faults: Faults, *, code: str = "", details: str = "") -> Answer:
    """Kalshi's error: wrapped on the wire, flat in the documentation, a bare text for some 429."""
    code = code or CODES[status]
    message = code.replace("_", " ")
    body: dict[str, object]
    if faults.error_shape == PLAIN:
        body = {"error": message}
    else:
        inner = {"code": code, "message": message} | ({"details": details} if details else {})
        body = {**inner} if faults.error_shape == FLAT else {"error": inner}
    return Answer(status, compact(body).encode(), headers=_waiting(status, faults))


def balldontlie_refusal(status: int, faults: Faults, text: str = "") -> Answer:
    """Balldontlie's error: an object with one text, or for keys that are not enough the text alone."""
    words = {401: "Unauthorized", 429: "Too many requests"}.get(status, CODES[status].replace("_", " "))
    text = text or words
    headers = _waiting(status, faults)
    if faults.error_shape == PLAIN or status == 401:
        return Answer(status, text.encode(), "text/plain; charset=utf-8", headers)
    return Answer(status, compact({"error": text}).encode(), headers=headers)


def one_shot_status(faults: Faults) -> int:
    """The status of the error that is switched on next, 0 if none is; uses it up."""
    return next((status for name, status in SHOTS.items() if faults.shoot(name)), 0)


def _waiting(status: int, faults: Faults) -> tuple[tuple[str, str], ...]:
    if status in {429, 503} and faults.retry_after >= 0:
        return (("retry-after", f"{faults.retry_after}"),)
    return ()
