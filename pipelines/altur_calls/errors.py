"""Errors of altur-calls, by what the reader must do.

AlturError
  SettingsError      a setting is missing or wrong           mend the setting, run again
  KeyRefused         the API refuses the key                 check the key
    Forbidden        403: the key may not do this            use a key that may
  CampaignNotFound   the API knows no such campaign          check the campaign id
  ApiUnavailable     no usable answer within the bound       run again, nothing is lost
  ApiChanged         an answer the API document rules out    report it, with the line printed
    RequestRejected  400: the API calls a parameter invalid  report it, with its field messages
  WarehouseError     DuckDB can't write the file             free the lock or the disk, run again
  ViewFailed         a view of ours can't be made            report it; the calls are loaded
  PublishFailed      readers can't get what was loaded       see the message; the calls are loaded
  QueryFailed        DuckDB refuses a query                  mend the SQL
  Busy               another run holds the lock              wait for it

A message says what was asked, what came and what to do; never a key, a phone number or a body.
Each class names the exit code the command line ends with, those of ``sysexits.h``, and the outcome that is
kept of a run.
"""

from __future__ import annotations

from typing import ClassVar


class AlturError(Exception):
    """Base of every error this package raises on purpose."""

    exit_code: ClassVar[int] = 1
    outcome: ClassVar[str] = "failed"
    run_id: str | None = None
    """The run that it ended."""


class SettingsError(AlturError):
    """A setting is missing or wrong."""

    exit_code = 78  # EX_CONFIG
    outcome = "settings"


class KeyRefused(AlturError):
    """The API answered 401 or 403."""

    exit_code = 77  # EX_NOPERM
    outcome = "refused"


class Forbidden(KeyRefused):
    """The API knows the key, and answered 403: it may not do this."""


class CampaignNotFound(AlturError):
    """The API answered 404 for a campaign."""

    exit_code = 3
    outcome = "incomplete"


class ApiUnavailable(AlturError):
    """No usable answer came within the retry bound."""

    exit_code = 69  # EX_UNAVAILABLE
    outcome = "unavailable"


class ApiChanged(AlturError):
    """The API answered something its document rules out."""

    exit_code = 76  # EX_PROTOCOL
    outcome = "changed"


class RequestRejected(ApiChanged):
    """The API answered 400 and named the parameters it rejects."""


class WarehouseError(AlturError):
    """DuckDB could not open or write the warehouse."""

    exit_code = 74  # EX_IOERR
    outcome = "warehouse"


class ViewFailed(AlturError):
    """A view of ours could not be made. The calls are loaded."""

    exit_code = 70  # EX_SOFTWARE
    outcome = "views"


class PublishFailed(AlturError):
    """What was loaded could not be published. Readers have what they had; the calls are loaded."""

    exit_code = 73  # EX_CANTCREAT
    outcome = "publishing"


class QueryFailed(AlturError):
    """DuckDB refuses a query, or it can't be written in the format that is asked for."""

    exit_code = 65  # EX_DATAERR


class Busy(AlturError):
    """Another run of the same pipeline is under way."""

    exit_code = 75  # EX_TEMPFAIL
    outcome = "busy"
