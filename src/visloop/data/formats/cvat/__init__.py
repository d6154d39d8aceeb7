"""CVAT's XML 1.1, for images and for video: boxes, outlines, masks, key points, tracks, tags."""
