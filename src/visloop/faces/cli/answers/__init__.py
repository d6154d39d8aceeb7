"""Answers for people, a file for each kind of them."""
