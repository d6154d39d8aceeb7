"""Answers without a server: from the sources through `Compute` to files, resumable."""
