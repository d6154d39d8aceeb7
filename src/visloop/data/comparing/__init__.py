"""What lies between two versions: walked, told down to one field of one box, drawn."""
