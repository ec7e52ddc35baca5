"""Real definitions for orchestrators, each to be imported where its extra is installed."""
