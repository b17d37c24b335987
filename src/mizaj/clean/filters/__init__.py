"""Filters: steps that look at each row and set it aside with a reason; none drops a row."""
