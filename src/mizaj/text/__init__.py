"""From the bytes of a post to words with their languages."""
