"""How a process that does nothing but load calls is set up. Not for processes of others."""

from __future__ import annotations

import atexit
import gc
import os
import sys

import pyarrow as pa


def prepare() -> None:
    """Set up this process. What is set in its environment stays as it is."""
    # A load makes millions of short-lived objects and next to no cycles. To look for those less often, and
    # not among what was imported, saves time in which no thread can send; and at the end all of it goes.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    atexit.register(gc.freeze)
    # Arrow's own allocator keeps what it had once: 40 MB more, after 100,000 calls and after any number.
    if "ARROW_DEFAULT_MEMORY_POOL" not in os.environ:
        pa.set_memory_pool(pa.system_memory_pool())
    # Threads that ask the API are due to the millisecond; while dlt normalises they would wait for five.
    sys.setswitchinterval(0.001)
    # What is extracted lives for seconds, until it is normalised: no use to compress it.
    os.environ.setdefault("SOURCES__DATA_WRITER__DISABLE_COMPRESSION", "true")
    # One table after the other: DuckDB shares out each by itself, in less memory, and the file stays compact.
    os.environ.setdefault("LOAD__WORKERS", "1")
    # dlt ends a package half way on a signal; ours finish it.
    os.environ.setdefault("RUNTIME__INTERCEPT_SIGNALS", "false")
    # dlt reports usage to its makers unless told otherwise; a pipeline of phone calls should not by default.
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
