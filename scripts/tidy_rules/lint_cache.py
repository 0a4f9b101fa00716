"""What clang-tidy said of a unit, by all that it read for it except the
headers of Debian packages."""

import hashlib
import os
import re
import subprocess
import time

from tidy_rules.llvm import parse, version_of

CACHE_DAYS_MAX = 30
# C has no other casts.
NOT_IN_C = "--checks=-google-readability-casting"


class Cache:
    def __init__(self, tree, includes, tool):
        self._tree, self._includes, self._tool = tree, includes, tool
        folders = "|".join(sorted({p.split("/")[0] for p in tree.cpp}))
        self._ours = f"^{re.escape(tree.root)}/({folders})/"
        self._folder = tree.at("build/tidy-cache")
        os.makedirs(self._folder, exist_ok=True)
        self._common = version_of(tool) + tree.text(".clang-tidy")
        self._forget_old()

    def _forget_old(self):
        oldest = time.time() - CACHE_DAYS_MAX * 24 * 3600
        for entry in os.scandir(self._folder):
            if entry.stat().st_mtime < oldest:
                os.remove(entry)

    def _key(self, unit):
        parts = [self._common, *unit.members, *unit.flags]
        for part in self._includes.closure(unit.members):
            parts += [part, self._tree.text(part)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def run(self, unit):
        file = os.path.join(self._folder, self._key(unit))
        if os.path.exists(file):
            os.utime(file)
            with open(file) as known:
                return known.read()
        options = [NOT_IN_C] if unit.path.endswith(".c") else []
        done = subprocess.run(
            [self._tool, "--quiet", f"--header-filter={self._ours}", *options,
             unit.path, "--", *unit.flags, "-Wno-unknown-warning-option"],
            cwd=self._tree.root, capture_output=True, text=True)
        if done.returncode != 0 and not list(parse(self._tree, done.stdout)):
            raise SystemExit(f"tidy: {self._tool} failed on {unit.path}:\n"
                             f"{done.stdout}{done.stderr}")
        with open(file + ".new", "w") as out:
            out.write(done.stdout)
        os.replace(file + ".new", file)
        return done.stdout
