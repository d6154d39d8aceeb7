"""Verbs over registered models as they leave and come in."""
