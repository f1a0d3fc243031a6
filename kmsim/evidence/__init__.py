"""What research found, as data; and whether the model shows it. Loads nothing until it is asked."""
