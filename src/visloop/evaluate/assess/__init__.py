"""Assessments: what is measured of a model beyond its report, one kind a module of `own`.

A kind is a `Kind`: a function from a `Case` to an `Outcome`, its settings with their defaults, and the
bound on one of its figures that holds in a gate unless the policy says another. The table is in `kinds`.
"""
