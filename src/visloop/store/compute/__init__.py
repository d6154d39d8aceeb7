"""The port to where work is done, and what needs no plug-in."""
