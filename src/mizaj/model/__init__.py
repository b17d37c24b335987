"""Models: what they are made of, how they are loaded, and how they answer."""
