"""Where a picture was taken, removed from its bytes without touching its pixels."""
