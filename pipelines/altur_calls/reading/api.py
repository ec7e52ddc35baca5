"""The only HTTP: pages of calls and the list of campaigns, at the common pace, retried within a bound."""

from __future__ import annotations

import json as lenient_json
import random
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

import requests
from dlt.common.json import json
from dlt.sources.helpers.rest_client.auth import APIKeyAuth

from altur_calls import settings
from altur_calls.errors import (
    ApiChanged,
    ApiUnavailable,
    CampaignNotFound,
    Forbidden,
    KeyRefused,
    RequestRejected,
    SettingsError,
)
from altur_calls.reading.listing import all_listed, listed_from, next_cursor
from altur_calls.reading.pace import Pace, limiter_of
from altur_calls.reading.paging import Page, page_from
from altur_calls.reading.transport import paced_session
from altur_calls.tally import Tally

OK, BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, THROTTLED = 200, 400, 401, 403, 404, 429
LIST = "/campaigns"
CONNECT_SECONDS = 10.0
"""How long to wait for a connection, at most. Nobody can hang up on one that does not stand."""

LONGEST_BACKOFF_SECONDS = 8.0
LONGEST_RETRY_AFTER_SECONDS = 300.0
BAD_VALUE = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)


class _Failed(Exception):
    """An answer, or the want of one, that a retry may heal."""

    def __init__(self, what: str, wait: float | None = None, *, throttled: bool = False) -> None:
        super().__init__(what)
        self.wait = wait
        self.throttled = throttled


class Api:
    """A connection to the Altur API: one key, one pace, one pool of connections. Safe to share by threads."""

    def __init__(  # noqa: PLR0913 (settings, by name)
        self,
        api_key: str,
        base_url: str = settings.BASE_URL,
        *,
        tally: Tally | None = None,
        requests_per_second: float = settings.REQUESTS_PER_SECOND,
        timeout_seconds: float = settings.TIMEOUT_SECONDS,
        retry_for_seconds: float = settings.RETRY_FOR_SECONDS,
        in_flight: int = settings.REQUESTS_IN_FLIGHT,
    ) -> None:
        self._base_url = base_url.strip().rstrip("/")
        # The key rides on an auth object, made anew for each request: no default header to log or leak.
        self._auth = APIKeyAuth(name="Authorization", api_key=f"api-key {api_key}", location="header")
        self._timeout = (min(CONNECT_SECONDS, timeout_seconds), timeout_seconds)
        self._retry_for = retry_for_seconds
        self.pace = Pace(limiter_of(self._base_url, api_key, requests_per_second))
        self._tally = tally or Tally()
        self._session = paced_session(self.pace, in_flight, self._base_url)
        self._session.headers["Accept"] = "application/json"

    def close(self) -> None:
        """Stop the pace and hang up, so that threads end which wait for their turn, or for an answer."""
        self.pace.stop()
        self._session.close()

    def calls_page(self, campaign_id: int, query: Mapping[str, str | int]) -> Page:
        """Return a page of a campaign's calls.

        Raises:
            CampaignNotFound: 404, which may also mean that the page lies past the end.
            KeyRefused, RequestRejected, ApiUnavailable, ApiChanged: as their names say.
            Stopped: the connection was closed by its owner.

        """
        path = f"/campaigns/{campaign_id}/calls"
        return page_from(self._patiently(path, {"pageSize": settings.PAGE_SIZE, **query}), path)

    def campaigns(self) -> list[Mapping[str, Any]]:
        """Return all campaigns as ``GET /campaigns`` lists them, proved by its own count where it gives one.

        By the vendor's public page of that endpoint; the name of the cursor's parameter is a guess.

        Raises:
            KeyRefused, CampaignNotFound: the key may not list campaigns.
            RequestRejected, ApiUnavailable, ApiChanged, Stopped: as for a page of calls.

        """
        pages = [listed_from(self._patiently(LIST, {}))]
        while (cursor := next_cursor(pages)) is not None:
            pages.append(listed_from(self._patiently(LIST, {"cursor": cursor})))
        return all_listed(pages)

    def _patiently(self, path: str, query: Mapping[str, str | int]) -> Any:
        began, failures = time.monotonic(), 0
        while True:
            try:
                return self._once(path, query)
            except _Failed as failure:
                self.pace.require_running()
                failures += 1
                self._bear(failure, failures, path, time.monotonic() - began)

    def _bear(self, failure: _Failed, failures: int, path: str, spent: float) -> None:
        """Wait for another try, or give up if it would come after the bound."""
        wait = failure.wait
        if wait is None:
            wait = min(LONGEST_BACKOFF_SECONDS, 0.5 * 2 ** (failures - 1)) * random.uniform(0.75, 1.25)  # noqa: S311
        patience = max(self._retry_for, LONGEST_RETRY_AFTER_SECONDS if failure.throttled else 0)
        if wait > LONGEST_RETRY_AFTER_SECONDS or spent + wait > patience:
            asked = f"; it asks to wait {wait:.0f} s" if failure.wait else ""
            raise ApiUnavailable(
                f"GET {without_password(self._base_url)}{path}: {failure}{asked}. "
                f"Gave up after {failures} tries in {spent:.0f} s. "
                "Check base_url and the network, then run again; nothing is lost."
            ) from failure.__cause__
        self._tally.add(retries=1, throttled=int(failure.throttled))
        if failure.wait is not None or failure.throttled:
            self.pace.throttled(wait)  # it was asked of all of us, not of this request alone
        else:
            self.pace.sleep(wait)

    def _once(self, path: str, query: Mapping[str, str | int]) -> Any:
        self.pace.require_running()  # before there is a connection to open
        self._tally.add(requests=1)
        try:
            response = self._session.get(
                f"{self._base_url}{path}",
                params=query,
                auth=self._auth,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except BAD_VALUE:
            raise SettingsError(
                f"base_url is not a URL that can be asked: {without_password(self._base_url)!r}. "
                f"It looks like {settings.BASE_URL!r}."
            ) from None
        except requests.RequestException as error:
            raise _Failed(_cause(error)) from error
        self.pace.require_running()  # an answer may have been cut short by our hanging up
        self._note_clock(response)
        if response.status_code != OK:
            self._refused(response, path)
        return _body(response, path)

    def _note_clock(self, response: requests.Response) -> None:
        try:
            there = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError):
            return
        if there.tzinfo:
            self._tally.server_ahead_seconds = (there - datetime.now(UTC)).total_seconds()

    def _refused(self, response: requests.Response, path: str) -> NoReturn:
        status, asked = response.status_code, f"GET {path}"
        if status in (UNAUTHORIZED, FORBIDDEN):
            kind = Forbidden if status == FORBIDDEN else KeyRefused
            raise kind(
                f"{asked} answered {status}: the API refuses the key. "
                "Check SOURCES__ALTUR__API_KEY, or api_key in .dlt/secrets.toml."
            )
        if status == NOT_FOUND:
            raise CampaignNotFound(
                f"{asked} answered 404: no such campaign. Check campaign_ids, and base_url."
            )
        if status == BAD_REQUEST:
            raise RequestRejected(f"{asked} answered 400: {_field_messages(response).removesuffix('.')}.")
        if status == THROTTLED:
            raise _Failed("429, over the rate limit", _retry_after(response), throttled=True)
        if status >= 500:  # noqa: PLR2004 (the class of server errors)
            raise _Failed(f"status {status}", _retry_after(response))
        raise ApiChanged(f"{asked} answered {status}, which the API document does not know. Check base_url.")


def without_password(url: str) -> str:
    """Return a URL as it may be shown."""
    return re.sub(r"//.*@", "//", url)


def _cause(error: requests.RequestException) -> str:
    """Name a lost connection without the URL, which requests writes into its messages."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate was not accepted"
    if isinstance(error, requests.ConnectionError) and "NewConnectionError" in str(error):
        return "nobody answers at that address"
    return f"the connection broke ({type(error).__name__})"


def _body(response: requests.Response, path: str) -> Any:
    try:
        return _json(response.content)
    except ValueError:
        kind = response.headers.get("Content-Type", "no content type")
        what = f"{len(response.content)} bytes of {kind} that are not JSON"
        if "json" in kind:
            raise _Failed(f"{what}, as if cut short") from None  # without a length nobody else can tell
        raise ApiChanged(
            f"GET {path} answered 200 with {what}. "
            "Check that base_url is the API and not a web page or a proxy."
        ) from None


def _json(content: bytes) -> Any:
    """Read JSON. What is no Unicode (half of a surrogate pair, broken UTF-8) becomes a mark in its place."""
    try:
        return json.loadb(content)
    except ValueError:
        value = lenient_json.loads(content.decode(errors="replace"))
        return json.loadb(lenient_json.dumps(value, ensure_ascii=False).encode(errors="replace"))


def _field_messages(response: requests.Response) -> str:
    """Return the messages of a 400 as the document gives them: field name to list of texts."""
    try:
        fields = _json(response.content)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        return "without the field messages of the API document"
    listed = {name: texts if isinstance(texts, list) else [texts] for name, texts in fields.items()}
    return "; ".join(f"{name}: {' '.join(map(str, texts))}" for name, texts in listed.items())


def _retry_after(response: requests.Response) -> float | None:
    """Return the seconds a server asks to wait: a number, or a date (RFC 9110, section 10.2.3)."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
