"""Dictionaries in a trie and the rules that turn the words of a post into a polarity."""
