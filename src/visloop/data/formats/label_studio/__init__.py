"""Label Studio: its export and import JSON, brush masks, and the labelling set-up as XML."""
