"""Serving against other servers and the bare loop: the parts of `bench_serve.py`."""
