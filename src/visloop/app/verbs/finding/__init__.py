"""Verbs that search pictures."""
