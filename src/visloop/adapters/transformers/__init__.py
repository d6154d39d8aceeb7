"""Detectors and segmenters of other people, by transformers, from weights in a local folder; found by
entry points, extra `transformers`.
"""
