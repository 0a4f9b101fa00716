"""A small tree on disk, for the rules of scripts/tidy to look at."""

import os
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts"))

from tidy_rules.tree import Tree


class RuleTest(unittest.TestCase):
    def tree(self, files):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for path, text in files.items():
            file = os.path.join(folder.name, path)
            os.makedirs(os.path.dirname(file), exist_ok=True)
            with open(file, "wb") as out:
                out.write(text if isinstance(text, bytes) else text.encode())
        return Tree(folder.name)

    def found(self, rule, files):
        """Where `rule` finds problems, as ["path:line", …]."""
        return [f"{p.path}:{p.line}" for p in rule(self.tree(files))]
