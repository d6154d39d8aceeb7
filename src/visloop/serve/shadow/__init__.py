"""Copies of the traffic to a second model, in a process of its own, behind the answers."""
