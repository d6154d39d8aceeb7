"""Runs and models to and from other trackers: MLflow servers, TensorBoard's event files."""
