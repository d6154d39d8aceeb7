"""Broken, hostile and odd input: what each kind is, and what becomes of it."""
