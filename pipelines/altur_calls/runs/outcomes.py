"""How runs end, as their rows and messages name it. Those that an error gives are named by its class."""

from __future__ import annotations

RUNNING = "running"
OK = "ok"
WARNINGS = "warnings"
INCOMPLETE = "incomplete"
SUSPICIOUS = "suspicious"
STOPPED = "stopped"
FAILED = "failed"
KILLED = "killed"
