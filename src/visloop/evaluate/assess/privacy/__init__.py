"""Attacks on what a model learnt from: who was there, and what they looked like."""
