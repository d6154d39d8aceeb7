"""What verbs do with deployments and what runs beside them."""
