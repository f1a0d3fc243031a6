"""The independent oracle: the model written a second time, in plain Mesa objects, by someone who never read the engine."""
