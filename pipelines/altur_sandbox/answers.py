"""Answers: what a response looks like, the document's errors and the spoilt ones included."""

import math
from collections.abc import Callable
from http import HTTPStatus

import orjson
from starlette.responses import HTMLResponse, Response

from altur_sandbox.faults import Fault
from altur_sandbox.page import Page
from altur_sandbox.wire import Reset, Truncated

_NOT_JSON = "<!doctype html><title>Altur</title><p>Estamos en mantenimiento. Vuelve en unos minutos.</p>"


class Json(Response):
    """A response whose body is JSON, made by orjson."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Return the body."""
        return orjson.dumps(content)


def error(status: int, message: str | None = None, headers: dict[str, str] | None = None) -> Response:
    """Return a response with the document's Error body."""
    return Json({"error": status, "message": message or HTTPStatus(status).phrase}, status, headers)


def throttled(wait_seconds: float) -> Response:
    """Return a 429; Retry-After has whole seconds only, so it may ask for more than is needed."""
    message = f"Request was throttled. Expected available in {wait_seconds:.3f} seconds."
    return error(429, message, {"Retry-After": str(math.ceil(wait_seconds))})


def spoilt(fault: Fault, page: Callable[[], Page]) -> Response:
    """Return what the fault puts in the place of a page, which is made only if part of it is kept."""
    match fault.kind:
        case "status":
            retry_after = fault.retry_after_header
            return error(fault.status, headers=None if retry_after is None else {"Retry-After": retry_after})
        case "reset":
            return Reset()
        case "not_json":
            return HTMLResponse(_NOT_JSON)
        case "truncated":
            return Truncated(orjson.dumps(page()))
        case "bare":
            return Json(_without({"calls", "campaigns"}, page()))
        case "no_pagination":
            return Json(_without({"pagination"}, page()))
        case "slow" | "call":
            raise ValueError(f"{fault.kind} comes before an answer, not in its place")


def _without(names: set[str], page: Page) -> Page:
    return {key: value for key, value in page.items() if key not in names}
