"""A script of scripts/ that shows running nodes, with programs that are built."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PATIENCE_S = 240


def free_ports(count):
    """The first of so many in a row, below those that the system hands out."""
    first = 20000 + os.getpid() % 500 * 20
    while not all(is_free(first + i) for i in range(count)):
        first += count
    return first


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class ShowTest(unittest.TestCase):
    programs = ""

    def show(self, script, ports):
        """What it prints. It ends by itself, well, and so do its nodes."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        with subprocess.Popen(
                [os.path.join(ROOT, "scripts", script),
                 "--bin", ShowTest.programs, folder.name],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, start_new_session=True,
                env=os.environ | {k: str(v) for k, v in ports.items()}) as run:
            try:
                out, _ = run.communicate(timeout=PATIENCE_S)
                self.assertEqual(run.returncode, 0, out)
                self.assertFalse(self.end(run), "something of it runs on")
            finally:
                self.end(run)
        return out

    @staticmethod
    def end(run):
        """Whether there was anything left to end."""
        try:
            os.killpg(run.pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def section(self, out, title):
        """The lines below that title."""
        parts = re.split(r"^== (.*)\n", out, flags=re.M)
        self.assertIn(title, parts, out)
        return parts[parts.index(title) + 1].strip().splitlines()

    @staticmethod
    def said(lines):
        """Without times and notices: ["bob: hello"]."""
        return [line[6:] for line in lines if re.match(r"\d\d:\d\d ", line)]


def main():
    """Arguments: the folder of iris and irisd."""
    ShowTest.programs = sys.argv.pop()
    unittest.main()
