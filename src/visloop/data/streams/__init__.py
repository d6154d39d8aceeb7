"""What comes in over time: a folder that fills, a camera's stream."""
