"""ONNX networks as torch computes them, so that they have gradients."""
