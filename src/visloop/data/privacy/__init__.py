"""What policies of privacy take off a picture on its way in."""
