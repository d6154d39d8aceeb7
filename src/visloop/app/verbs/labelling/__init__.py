"""Verbs over what pictures show, drawn by people."""
