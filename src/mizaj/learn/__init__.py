"""From labelled posts to models, and to figures that say how good they are."""
