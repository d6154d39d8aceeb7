"""Verbs over runs: trainings, scripts, what they report; reports and gates."""
