"""Without this a new program could lose the files of the releases before it, or say nothing useful about them."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import h5py

import program

RELEASES = sorted(path for path in (program.SOURCE / "tests/fixtures").iterdir() if path.is_dir())
READERS = [["status"], ["table"], ["table", "--csv"], ["export", "--json"], ["export", "--csv"]]
SMALL = 100_000  # bytes of a release


class Fixtures(program.Case):
    def copy(self, release):
        """done.h5, stopped.h5 and the checkpoint of a release, here; what the release computes."""
        for path in release.iterdir():
            (shutil.copytree if path.is_dir() else shutil.copy)(path, self.folder / path.name)
        with h5py.File(self.folder / "done.h5", "r") as file:
            return int(file.attrs["results_version"]), file.attrs["version"]

    def set_versions(self, **versions):
        shutil.copy(RELEASES[0] / "done.h5", self.folder / "faked.h5")
        with h5py.File(self.folder / "faked.h5", "r+") as file:
            for name, value in versions.items():
                del file.attrs[name]
                if value is not None:
                    file.attrs[name] = value

    def refuses(self, message, *words):
        self.assertEqual(self.start(*words).wait(), (2, "", f"{message}\n"), words)

    def reads(self, file):
        for words in READERS:
            with self.subTest(words, file=file):
                self.assertTrue(self.run_program(words[0], file, *words[1:]))

    def knows(self, file):
        """What looks at a run in full, which only the program of these results does."""
        self.run_program("verify", file)
        for run in self.run_json("table", file, "--columns=run")["runs"]:
            self.assertIn(run["run"], self.run_program("show", file, run["run"]))

    def refuses_results(self, file, results, version, own):
        said = (f"{file}: holds results of version {results}, this program computes version {own}; "
                f"go on with mesasweep {version}, or begin a new file with -o")
        run = self.run_json("table", file, "--columns=run")["runs"][0]["run"]
        for words in (["resume", file], ["analyse", file, "gd"], ["verify", file],
                      ["show", file, run]):
            self.refuses(said, *words)

    def test_there_is_a_release_and_all_are_small(self):
        self.assertTrue(RELEASES)
        for release in RELEASES:
            self.assertLess(sum(path.stat().st_size for path in release.rglob("*") if path.is_file()), SMALL, release)

    def test_every_release_stays_readable_and_goes_on_or_says_how(self):
        own = self.run_json("version")["results_version"]
        for release in RELEASES:
            with self.subTest(release.name):
                results, version = self.copy(release)
                self.reads("done.h5")
                self.reads("stopped.h5")
                if results == own:
                    self.knows("done.h5")
                    self.knows("stopped.h5")
                    self.goes_on()
                else:
                    self.refuses_results("stopped.h5", results, version, own)
                for path in self.folder.iterdir():
                    (shutil.rmtree if path.is_dir() else os.unlink)(path)

    def goes_on(self):
        """From its checkpoint to the same bits."""
        (checkpoint,) = (self.folder / "stopped.h5.checkpoints").iterdir()
        self.run_program("resume", "stopped.h5", "--ranks", 1)
        self.assertEqual(self.status("stopped.h5")["done"], 2)
        self.assertFalse(checkpoint.exists())
        self.assertSameResults("done.h5", "stopped.h5")
        with h5py.File(self.folder / "stopped.h5", "r") as file, h5py.File(self.folder / "done.h5", "r") as whole:
            self.assertLess(file["log/seconds"][:].max(), 60)
            self.assertEqual(file.attrs["sweep"], whole.attrs["sweep"])

    def test_other_results_are_read_and_not_mixed_with_ours(self):
        for other in 0, 2, 99:
            self.set_versions(results_version=other)
            with self.subTest(results_version=other):
                self.reads("faked.h5")
                with h5py.File(self.folder / "faked.h5", "r") as file:
                    version = file.attrs["version"]
                self.refuses_results("faked.h5", other, version, 1)

    def test_an_unknown_format_is_refused_by_every_command(self):
        self.set_versions(format_version=2)
        said = "faked.h5: has format 2, this program knows up to 1; use a newer mesasweep"
        for words in [*READERS, ["best"], ["verify"], ["resume"], ["show", "0"], ["log", "0"], ["retry", "--failed"], ["analyse", "gd"]]:
            arguments = [words[0], "--failed", "faked.h5"] if words[0] == "retry" else [words[0], "faked.h5", *words[1:]]
            self.refuses(said, *arguments)
        for wrong in 0, -1, None:
            self.set_versions(format_version=wrong)
            self.refuses("faked.h5: is no result file of mesasweep", "status", "faked.h5")

    def test_python_and_the_report_read_every_release(self):
        sys.path.insert(0, str(program.SOURCE / "tools"))
        import mesasweep
        for release in RELEASES:
            with self.subTest(release.name), tempfile.TemporaryDirectory() as folder:
                runs = mesasweep.runs(str(release / "done.h5"))
                self.assertEqual({run["state"] for run in runs}, {"done"})
                self.assertTrue(mesasweep.weights(str(release / "done.h5"), runs[0]["run"]))
                page = pathlib.Path(folder) / "page.html"
                said = subprocess.run([sys.executable, "-B", program.SOURCE / "tools/report", release / "done.h5",
                                       release / "stopped.h5", "-o", page], capture_output=True, text=True)
                self.assertEqual((said.returncode, said.stderr), (0, ""))
                self.assertIn(runs[0]["run"], page.read_text())


program.main()
