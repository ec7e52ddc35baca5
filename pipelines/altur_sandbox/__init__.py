"""A sandbox of the Altur API: a real HTTP server that keeps the document's rules and can misbehave.

It knows nothing of the extractor it is there to try, so that a mistake can't hide in both.
"""

from altur_sandbox.api import Api
from altur_sandbox.faults import Faults
from altur_sandbox.manners import Manners
from altur_sandbox.server import Sandbox, serve
from altur_sandbox.visits import Request
from altur_sandbox.worlds.base import World
from altur_sandbox.worlds.bulk import BulkWorld
from altur_sandbox.worlds.example import example_call
from altur_sandbox.worlds.manual import ManualWorld
from altur_sandbox.worlds.seeded import SeededWorld

__all__ = [
    "Api",
    "BulkWorld",
    "Faults",
    "Manners",
    "ManualWorld",
    "Request",
    "Sandbox",
    "SeededWorld",
    "World",
    "example_call",
    "serve",
]
