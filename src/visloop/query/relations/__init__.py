"""Relations that upper rooms bring: runs, models, predictions and their like, asked as samples are."""
