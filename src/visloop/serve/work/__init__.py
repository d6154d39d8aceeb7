"""What is computed for a request, by whom, and with which others."""
