"""Limits and defaults: each with its unit and where it comes from.

Users change them as arguments of :func:`altur_calls.altur_source`, or in ``.dlt/config.toml``.
"""

from __future__ import annotations

from datetime import UTC, datetime

BASE_URL = "https://api.altur.io/api/v1.0"
"""The server of the API document."""

PAGE_SIZE = 100
"""Calls a page, the document's maximum."""

MAX_PAGE_INDEX = 25_000
"""The last page the document lets anyone ask for, so 2,500,100 calls a query at most."""

REQUESTS_PER_SECOND = 12.0
"""Rate limit stated on the vendor's page of this endpoint."""

MAX_WINDOW_CALLS = 8_000
"""A window with more calls is split: small enough to prove and to hold, large enough to fill its pages."""

CHUNK_CALLS = 20_000
"""Calls a load package takes, at most about: what is held in memory, and what a crash can cost."""

CHUNK_SHARE = 1 / 2
"""Part of them that is worth a load package by itself, where no more are ready: packages cost a third of a
second each, and while more are waited for those that are there can be loaded."""

LEAST_CHUNK_SHARE = 1 / 16
"""Part of them that is worth a load package if no more are left than that, so that the last one is small."""

KEEP_UP_SHARE = 1 / 2
"""Part of them after which the views are brought up while calls are waited for: a fifth of a second."""

KEEP_UP_CHUNKS = 5
"""Chunks after which the views are brought up where calls come faster than they are loaded."""

STEP_SECONDS = 1.0
"""What a load package, the views or a publication take. None is begun where all calls are there sooner."""

PUBLISH_SECONDS = 300.0
"""A run that lasts longer publishes meanwhile as well."""

PUBLISH_SHARE = 1 / 20
"""Part of all calls that has to be new before a run publishes when little is left: all that
readers have may be copied."""

CHUNK_SECONDS = 20.0
"""A load package is also closed after this long, so that slow reads are kept as well."""

RETRY_FOR_SECONDS = 20.0
"""How long one request may go on failing before the run gives up."""

TIMEOUT_SECONDS = 60.0
"""How long to wait for the next byte of an answer; for a connection, ten at most."""

REQUESTS_IN_FLIGHT = 32
"""Requests under way at once: 12 a second for latencies up to 2.5 s."""

LOCK_PATIENCE_SECONDS = 10.0
"""How long a run waits for whoever has the working file open: a query is over by then, a dashboard not."""

REREAD_AGES_MINUTES = (8, 22, 65, 220, 780, 2_880, 11_000, 43_200)
"""How old a call is at least when it is read again; after the last one (30 days) it is settled.

Each age is less than four times the one before, which is what lets a change made when a call was ``A``
old show by the time it is ``4 A`` old, with some slack to gather calls into full pages.
"""

TIMEZONE = "UTC"
"""Of campaigns for which neither the settings nor the API tell one."""

CHANGE_LOG_DAYS = 30
"""How long changes of calls are kept: as long as a call may change."""

OVERLAP_SECONDS = 1
"""Asked for on either side of a window: the document leaves open if its bounds are inclusive."""

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""Before any call: where a campaign without ``start_date`` begins."""
