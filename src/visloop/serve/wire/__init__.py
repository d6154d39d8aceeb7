"""HTTP as it goes over the wire: bodies, forms, tensors, the host check, figures, the proxy."""
