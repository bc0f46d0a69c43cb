"""Without this the first thing that a newcomer tries of a sweep, its quick part and the report of it, could fail."""

import subprocess
import sys

import program


class Quick(program.Case):
    def test_the_quick_part_of_every_sweep_ends_and_has_a_report(self):
        files = []
        for path in sorted((program.SOURCE / "sweeps").glob("*.yaml")):
            with self.subTest(path.name):
                files.append(f"{path.stem}.quick.h5")
                self.run_program("run", path, "--quick", "--ranks", 2)
                status = self.status(files[-1])
                self.assertEqual(status["done"] + status["diverged"], status["runs"])
        self.assertGreater(len(files), 25)
        run = subprocess.run([sys.executable, "-B", program.SOURCE / "tools/report", *files, "--pictures", "pictures"],
                             cwd=self.folder, capture_output=True, text=True, env=program.environment())
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertTrue(any((self.folder / "pictures").glob("*.png")))


program.main()
