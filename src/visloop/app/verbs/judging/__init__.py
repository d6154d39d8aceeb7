"""Verbs that judge models."""
