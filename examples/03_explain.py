"""Show why a post is answered as it is."""

import mizaj

model = mizaj.load()
explanation = model.explain("camera accha hai par battery ekdum bekar 😡")
print(explanation.render())
for word, contribution in explanation.words:
    print(f"{contribution:+.2f}  {word}")
