"""Immutable content-addressed trees: what versions are made of."""
