"""A comparison as pictures: what changed, old and new side by side, as one HTML page or one image."""
