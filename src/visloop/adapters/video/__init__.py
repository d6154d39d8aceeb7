"""Video files and live streams through PyAV (FFmpeg): entry points of group `visloop.video`."""
