"""Worlds: the campaigns and calls a sandbox serves."""
