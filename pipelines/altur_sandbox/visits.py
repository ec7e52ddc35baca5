"""What is remembered of a request."""

from dataclasses import dataclass
from re import fullmatch
from typing import Literal

from starlette.requests import HTTPConnection

BASE_PATH = "/api/v1.0"
_CALLS_PATH = r"/api/v1\.0/campaigns/([0-9]{1,18})/calls"
# Not in openapi.yaml, the contract of the calls alone: what is known of this list is from the vendor's public
# page "Listar Campañas". The filters named there are not served, but ignored like any unknown parameter; the
# name of the cursor's parameter is a guess.
_CAMPAIGNS_PATH = f"{BASE_PATH}/campaigns"

Lists = Literal["calls", "campaigns"]


@dataclass(frozen=True)
class Request:
    """A request as it came, and the status it was answered with.

    lists: what the path is a list of; None for a path that does not exist.
    campaign_id: None for a path that is not a list of calls.
    page_index: 0 if not asked for, None if not a number, and of campaigns, whose pages have none.
    status: None if the connection was reset.
    at: arrival, in seconds of the monotonic clock.
    """

    lists: Lists | None
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
    lists: Lists | None = "calls" if match else "campaigns" if path == _CAMPAIGNS_PATH else None
    return Request(
        lists=lists,
        campaign_id=int(match[1]) if match else None,
        path=path,
        params=params,
        page_index=int(index) if lists != "campaigns" and fullmatch("[0-9]{1,18}", index) else None,
        status=None,
        at=at,
    )
