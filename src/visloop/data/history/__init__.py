"""Branches, tags, merges, reverts, blame: how versions hang together."""
