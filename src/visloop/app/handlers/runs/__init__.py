"""What verbs over runs do across several rooms."""
