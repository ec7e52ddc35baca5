"""What a campaign is made of: when it calls, whom, what people say, and what is checked afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from altur_sandbox.worlds.people import Directory


@dataclass(frozen=True)
class Facts:
    """What a person agreed to, from which the extracted data of a call is written."""

    amount: int
    day: date
    hour: int
    medium: str
    grade: int

    @property
    def pesos(self) -> str:
        """The amount the way people write it."""
        return f"${self.amount:,}.00"

    @property
    def day_first(self) -> str:
        """The day the way people write it."""
        return f"{self.day:%d-%m-%Y}"


Form = Callable[[Facts], dict[str, Any]]


@dataclass(frozen=True)
class Outcome:
    """One way a conversation ends.

    weight: how often, against the campaign's other outcomes.
    forms: the keys its data came under; prompts were edited over time, so there is more than one.
    """

    weight: float
    tags: tuple[str, ...]
    contact_status: Literal["answered", "converted"]
    forms: tuple[Form, ...] = ()


@dataclass(frozen=True)
class Policy:
    """A rule each evaluated conversation is held against. Chances: of being applicable, then of being met."""

    id: str
    name: str
    applicable: float
    met: float
    explanations: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Campaign:
    """A campaign, its hours in its own zone.

    created_at: of the campaign, aware; before any call of a world of usual length.
    calls_per_weekday: first attempts, Monday first.
    hours: weight of each hour from ``opens`` on; empty for a line that is open all day and evenly busy.
    answer_rate: of first attempts, by a person.
    age: how far the campaign goes back, as a share of what the world does.
    """

    id: int
    name: str
    description: str
    agent_name: str
    first_message: str
    created_at: datetime
    type: Literal["inbound", "outbound"]
    zone: ZoneInfo
    calls_per_weekday: tuple[int, int, int, int, int, int, int]
    opens: int
    hours: tuple[float, ...]
    answer_rate: float
    talk_seconds: int
    directory: Directory
    outcomes: tuple[Outcome, ...]
    policies: tuple[Policy, ...]
    age: float = 1.0

    @property
    def closes(self) -> int:
        """The hour after which no call is made."""
        return self.opens + len(self.hours)
