"""Score a list of posts, and print the answers side by side."""

import mizaj

POSTS = [
    "Yeh movie accha nahi hai",
    "kya baat hai, maza aa gaya 😍",
    "so good ki main so gaya",
    "train 6 baje hai",
    "खाना बहुत स्वादिष्ट था",
]

model = mizaj.load()
for row in model.score(POSTS).to_pylist():
    print(f"{row['sentiment']:9} {row['score']:+.2f}  {row['language']:8} {row['text']}")
