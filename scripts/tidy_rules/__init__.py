"""The rules of scripts/tidy. A rule takes the tree and yields problems."""
