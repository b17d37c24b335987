"""How alike two posts are, and which of many are worth comparing: plain forms, hashes, MinHash, bands."""
