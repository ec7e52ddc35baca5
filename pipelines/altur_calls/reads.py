"""What came of reading a window. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from altur_calls.windows import Window


@dataclass(frozen=True, slots=True)
class Read:
    """A window that was read: its calls, and whether they are proved to be all of them."""

    campaign_id: int
    window: Window
    read_at: datetime
    """When its first request was sent: nothing in it is older news than this."""
    calls: list[Any]
    """As the API gave them, each id once."""
    requests: int
    total_count: int | None
    doubt: str | None
    """Why the window is not proved, or ``None`` if it is."""

    is_missing: bool = False
    """The API knows no such campaign."""

    @property
    def is_proved(self) -> bool:
        """Whether the calls are all that the window holds, by the API's own count."""
        return self.doubt is None
