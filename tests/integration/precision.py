"""Without this, single precision could cost a result more than its rounding, and nobody would know which kind of model."""

import os
import subprocess
import unittest


def losses(program):
    run = subprocess.run([os.environ[program]], capture_output=True, text=True, check=True)
    rows = [line.rpartition(":") for line in run.stdout.splitlines()]
    return {settings: tuple(map(float, numbers.split())) for settings, _, numbers in rows}


class Precision(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.single, cls.double = losses("PRECISION_SINGLE"), losses("PRECISION_DOUBLE")

    def test_200_steps_in_single_precision_end_within_1e_4_of_double(self):
        self.assertEqual(self.single.keys(), self.double.keys())
        self.assertGreater(len(self.single), 10)
        for settings, (before, after) in self.double.items():
            with self.subTest(settings):
                self.assertNotEqual(before, after)
                self.assertAlmostEqual(self.single[settings][1] / after, 1, delta=1e-4)

    def test_they_are_two_builds(self):
        self.assertNotEqual(self.single, self.double)


unittest.main(verbosity=2)
