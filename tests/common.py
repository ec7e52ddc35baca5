"""Names that tests share. In a module of its own: there are two modules called conftest."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

KEY = "key-of-the-tests"
COMMAND = Path(sys.executable).with_name("altur-calls")
Cli = Callable[..., subprocess.CompletedProcess[str]]
NOON = datetime(2026, 3, 2, 18, tzinfo=UTC)
