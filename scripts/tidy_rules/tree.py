"""The files that the rules look at, and what they report."""

import functools
import os
import re
import subprocess
from typing import NamedTuple

CPP = (".hpp", ".cpp", ".h", ".c")
# Bytes for tests, not text for people.
DATA = ("tests/fuzz/corpus/", "tests/vectors/")
# These name what is banned.
ABOUT_RULES = ("scripts/tidy_rules/", "tests/tools/")


class Problem(NamedTuple):
    path: str
    line: int
    what: str
    expected: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}, expected {self.expected}"


class Tree:
    """Paths are relative to the root, with slashes."""

    def __init__(self, root):
        self.root = os.path.abspath(root)
        self.paths = sorted(p for p in self._list() if not p.startswith(DATA))
        self._known = set(self.paths)
        self.texts = [p for p in self.paths if self.text(p) is not None]
        self.cpp = [p for p in self.texts if p.endswith(CPP)]

    def _list(self):
        git = self.git("ls-files", "-co", "--exclude-standard", "-z")
        if git is not None:
            return [p for p in git.split("\0") if os.path.isfile(self.at(p))]
        return self._walk()

    def _walk(self):
        """Without git, e.g. in an unpacked archive."""
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if f not in (".git", "build")]
            for name in names:
                yield os.path.relpath(os.path.join(folder, name), self.root)

    def git(self, *args):
        """The output, or None where git can't answer."""
        run = subprocess.run(
            ["git", "-C", self.root, *args], capture_output=True, text=True)
        return run.stdout if run.returncode == 0 else None

    def has(self, path):
        return path in self._known

    def at(self, path):
        return os.path.join(self.root, path)

    @functools.cache
    def text(self, path):
        """The contents, or None where they are not text."""
        with open(self.at(path), "rb") as file:
            data = file.read()
        try:
            return None if b"\0" in data else data.decode()
        except UnicodeDecodeError:
            return None

    @functools.cache
    def code(self, path):
        """C++ without comments and without what strings hold."""
        return strip(self.text(path))


# Numbers come first because of 1'000.
TOKEN = re.compile(
    r"""(?P<kept>\b\d[\w.]*(?:'\w+)+)
      | //[^\n]* | /\*.*?\*/
      | R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"
      | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""",
    re.VERBOSE | re.DOTALL)


def strip(text):
    """`text` with as many lines, and blanks for comments and strings."""

    def blank(match):
        return match["kept"] or " " + "\n" * match[0].count("\n")

    return TOKEN.sub(blank, text)
