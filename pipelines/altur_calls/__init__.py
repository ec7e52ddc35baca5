"""Load the calls of Altur campaigns: ``altur_source()`` is a dlt source; ``altur-calls`` the command."""

from altur_calls.analytics.keeping import build_views
from altur_calls.extraction import Extraction
from altur_calls.publishing.publisher import publish
from altur_calls.source import altur_source

__all__ = ["Extraction", "altur_source", "build_views", "publish"]
