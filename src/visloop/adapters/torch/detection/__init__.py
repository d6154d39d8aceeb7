"""Recipe `detect`: boxes by their centres, on EfficientNet-Lite0."""
