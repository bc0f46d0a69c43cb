"""What the tests of readers share: a result file from the small writer, alive or closed."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

WRITER = os.environ.get("STORE_WRITER")
SKIPPED = 77
EVALUATIONS, LAYERS, POSITIONS, TARGETS = 5, 3, 4, 2  # of tests/unit/store/fixture.h


def needs(*modules):
    """Skips the whole script when a reader is not installed."""
    for name in modules:
        try:
            __import__(name)
        except ImportError:
            print(f"skipped: there is no {name}")
            sys.exit(SKIPPED)


def identity(run):
    return f"{(run + 1) * 0x9E3779B97F4A7C15 % 2**64:016x}"


def value(run, column, element):
    """What run has in a column (0 train_loss, 1 test_loss, 2 ratio, 3 steps_done, 4 probe_r2; tensors
    100 + t) at its element."""
    return run * 1000 + column * 100 + element % 97 + (0 if column == 3 else 0.5)


class WithFile(unittest.TestCase):
    """One file of RUNS runs, DONE of them finished, whose writer lives until the tests have ended."""

    RUNS, DONE, PAUSE = 24, 17, 0

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="mesasweep-")
        cls.file = os.path.join(cls.folder, "sweep.h5")
        cls.writer = subprocess.Popen(
            [WRITER, cls.file, str(cls.RUNS), str(cls.DONE), str(cls.PAUSE)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.wait_for_word("created" if cls.PAUSE else "written")

    @classmethod
    def wait_for_word(cls, word):
        for line in cls.writer.stdout:
            if line.strip() == word:
                return
        raise RuntimeError(f"the writer ended before it said {word}")

    @classmethod
    def tearDownClass(cls):
        cls.writer.stdin.close()
        cls.writer.stdout.close()
        cls.writer.wait()
        shutil.rmtree(cls.folder)
