"""What is found in pictures, drawn and put together across rooms."""
