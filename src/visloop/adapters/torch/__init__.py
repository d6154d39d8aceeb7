"""Recipes that train networks, by torch; found by entry point `visloop.recipes`, extra `torch`."""
