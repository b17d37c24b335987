"""Lay a domain pack over the dictionary: some words mean something else about films."""

import mizaj

POST = "the plot is unpredictable"

films = mizaj.load(settings=mizaj.LexiconSettings(domain="movies"))

print("in general: ", mizaj.load()(POST).sentiment)
print("about films:", films(POST).sentiment)
