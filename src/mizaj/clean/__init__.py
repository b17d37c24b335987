"""What spoils a stream of posts, found and set aside with its reason: broken, spam, copies, personal data.

`marking` and `kept` (how a row is set aside) < `repair`, `personal` (what is rewritten), `near` (how alike posts are),
`rereading` and `passes` (over a source, and files between them) < `filters` (row by row), `copies` (row against row) <
`settings`.
"""
