import os
import subprocess
import unittest

from sample import ROOT

DEB822 = """\
Types: deb deb-src
# The mirror of this machine.
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""

ONE_LINE = """\
# deb http://mirror.example/old bookworm main
deb http://other.example/tool stable main
deb-src http://mirror.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main
deb http://mirror.example/debian bookworm-updates main contrib # note
deb http://vendor.example bookworm stable
"""


class AptSourceTest(unittest.TestCase):
    """scripts/apt_source.awk, with which setup finds a mirror's backports."""

    def derive(self, text, form, have="bookworm", want="bookworm-backports",
               nth=0):
        run = subprocess.run(
            ["awk", "-v", f"deb822={form}", "-v", f"have={have}", "-v",
             f"want={want}", "-v", f"nth={nth}", "-f",
             os.path.join(ROOT, "scripts", "apt_source.awk")],
            input=text, capture_output=True, text=True)
        self.assertEqual(run.stderr, "")
        self.assertEqual(run.returncode, 0 if run.stdout else 1)
        return run.stdout

    def test_a_deb822_source_keeps_its_mirror_and_key(self):
        self.assertEqual(self.derive(DEB822, 1), (
            "Types: deb\n"
            "Suites: bookworm-backports\n"
            "Components: main\n"
            "URIs: http://mirror.example/debian\n"
            "Signed-By:\n"
            " -----BEGIN PGP PUBLIC KEY BLOCK-----\n"
            " .\n"
            " abc\n\n"))

    def test_a_one_line_source_keeps_its_mirror_and_options(self):
        self.assertEqual(self.derive(ONE_LINE, 0), (
            "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian "
            "bookworm-backports main\n"))

    def test_options_may_hold_blanks(self):
        self.assertEqual(
            self.derive("deb [ arch=amd64 ] http://m.example/ bookworm main",
                        0),
            "deb [ arch=amd64 ] http://m.example/ bookworm-backports main\n")

    def test_sources_switched_off_do_not_count(self):
        self.assertEqual(self.derive("Enabled: no\n" + DEB822, 1), "")

    def test_sources_without_main_or_of_another_suite_do_not_count(self):
        self.assertEqual(self.derive(
            DEB822.replace("main", "stable"), 1), "")
        self.assertEqual(self.derive(DEB822, 1, have="trixie"), "")
        self.assertEqual(self.derive(ONE_LINE, 0, have="trixie"), "")

    def test_suites_are_kept_where_none_is_wanted(self):
        have = "bookworm(-updates|-security)?"
        self.assertEqual(
            [line for line in self.derive(DEB822, 1, have, "").splitlines()
             if line.startswith("Suites")],
            ["Suites: bookworm bookworm-updates", "Suites: bookworm-security"])
        self.assertEqual(
            [line.split()[-2] for line in
             self.derive(ONE_LINE, 0, have, "").splitlines()],
            ["bookworm", "bookworm-updates"])

    def test_sources_are_counted(self):
        twice = ONE_LINE + "deb http://next.example/debian bookworm main\n"
        self.assertEqual(
            self.derive(twice, 0, nth=2),
            "deb http://next.example/debian bookworm-backports main\n")
        self.assertEqual(self.derive(twice, 0, nth=3), "")


if __name__ == "__main__":
    unittest.main()
