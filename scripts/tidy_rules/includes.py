"""Which files of the tree a file is made of."""

import functools

from tidy_rules.layers import INCLUDE


class Includes:
    def __init__(self, tree):
        self._tree = tree

    @functools.cache
    def direct(self, path):
        matches = map(INCLUDE.match, self._tree.text(path).splitlines())
        return [m[2] for m in matches if m and self._tree.has(m[2])]

    @functools.cache
    def closure(self, paths):
        """`paths` and all that they include, sorted."""
        seen, waiting = set(paths), list(paths)
        while waiting:
            new = set(self.direct(waiting.pop())) - seen
            seen |= new
            waiting += new
        return sorted(seen)
