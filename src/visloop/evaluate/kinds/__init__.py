"""Answers that are boxes, masks or numbers: kept, and scored."""
