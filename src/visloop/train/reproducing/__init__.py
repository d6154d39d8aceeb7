"""A model made again: its environment built, its training repeated, what differs said."""
