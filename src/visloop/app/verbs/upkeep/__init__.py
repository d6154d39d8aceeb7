"""Verbs over the whole workspace: collecting garbage, verifying, what lies where."""
