"""COCO: object boxes, outlines, run-length masks, key points, crowds."""
