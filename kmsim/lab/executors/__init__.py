"""Who does the batches of an ensemble."""
