"""Hugging Face `imagefolder`: split folders, and metadata files that say labels and objects."""
