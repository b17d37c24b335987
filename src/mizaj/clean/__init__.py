"""What spoils a stream of posts, found and set aside with its reason: broken, spam, copies, personal data."""
