"""What is remembered of a request."""

from dataclasses import dataclass
from re import fullmatch

from starlette.requests import HTTPConnection

BASE_PATH = "/api/v1.0"
_CALLS_PATH = r"/api/v1\.0/campaigns/([0-9]{1,18})/calls"


@dataclass(frozen=True)
class Request:
    """A request as it came, and the status it was answered with.

    campaign_id: None for a path that is not a list of calls.
    page_index: 0 if not asked for, None if not a number.
    status: None if the connection was reset.
    at: arrival, in seconds of the monotonic clock.
    """

    campaign_id: int | None
    path: str
    params: dict[str, str]
    page_index: int | None
    status: int | None
    at: float


def seen(http: HTTPConnection, at: float) -> Request:
    """Return a request that has no answer yet; of a parameter given twice the last one counts."""
    path, params = http.scope["path"], dict(http.query_params)
    match = fullmatch(_CALLS_PATH, path)
    index = params.get("pageIndex", "0")
    return Request(
        campaign_id=int(match[1]) if match else None,
        path=path,
        params=params,
        page_index=int(index) if fullmatch("[0-9]{1,18}", index) else None,
        status=None,
        at=at,
    )
