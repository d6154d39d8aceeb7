"""Datumaro's own JSON: labels, boxes, outlines, masks, key points, with their attributes."""
