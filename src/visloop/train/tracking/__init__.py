"""Tracking: curves, artifacts, runs of scripts, finding and comparing runs."""
