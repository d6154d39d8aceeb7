"""Adapters to libraries that the core does not need; found by entry point, imported by nobody."""
