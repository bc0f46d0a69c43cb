"""Without this a sweep could seem to run and leave a wrong or empty file, or run everything again when started twice."""

import csv
import io
import math
import pathlib
import socket
import subprocess

import h5py
import numpy

import program


class Sweep(program.Case):
    def run_tiny(self, *arguments):
        self.write("tiny.yaml", program.TINY)
        return self.run_program("run", "tiny.yaml", "--ranks", 2, *arguments)

    def test_a_sweep_fills_its_file(self):
        out = self.run_tiny()
        self.assertIn("tiny: 9 runs", out)
        with h5py.File(self.folder / "tiny.h5", "r") as file:
            self.assertEqual(file.attrs["format"], "mesasweep")
            self.assertEqual(file.attrs["name"], "tiny")
            self.assertEqual(file.attrs["sweep"], program.TINY)
            self.assertEqual(file.attrs["ranks"], 2)
            results = file["results"]
            self.assertEqual(len(set(results["run"].asstr()[()])), 9)
            names = {value: name for name, value in h5py.check_enum_dtype(results["status"].dtype).items()}
            self.assertEqual({names[value] for value in results["status"][()]}, {"done"})
            curves = results["test_loss"][()]
            self.assertEqual(curves.shape, (9, 7))
            self.assertTrue(numpy.isfinite(curves).all())
            self.assertTrue((curves > 0).all())
            self.assertEqual(sorted(results["model.depth"][()]), [1, 1, 1, 2, 2, 2, 2, 2, 2])
            for group in file["weights"].values():
                for layer in (name for name in group if name.startswith("layer")):
                    self.assertEqual(set(group[layer]), {"query", "key", "value", "project"})
                    for tensor in group[layer].values():
                        self.assertTrue(numpy.isfinite(tensor[()]).all())
        self.assertEqual(self.listing(), ["tiny.h5", "tiny.yaml"])

    def test_status_counts_the_runs(self):
        self.run_tiny()
        status = self.status("tiny.h5")
        for name, count in {"runs": 9, "done": 9, "failed": 0, "running": 0, "pending": 0}.items():
            self.assertEqual(status[name], count, name)
        self.assertEqual(status["failures"], [])
        self.assertEqual(len(status["slowest"]), 5)
        self.assertIn("9 done", self.run_program("status", "tiny.h5"))

    def test_tables_agree_with_the_file(self):
        self.run_tiny()
        lines = self.run_program("table", "tiny.h5").splitlines()
        self.assertEqual(len(lines), 10)
        self.assertEqual(len({len(line.rstrip()) for line in lines}), 1, "columns are aligned")
        rows = list(csv.DictReader(io.StringIO(self.run_program("table", "--csv", "tiny.h5"))))
        objects = self.run_json("table", "tiny.h5")["runs"]
        with h5py.File(self.folder / "tiny.h5", "r") as file:
            final = file["results/test_loss"][:, -1]
            runs = file["results/run"].asstr()[()]
        self.assertEqual([row["run"] for row in rows], list(runs))
        self.assertEqual([row["run"] for row in objects], list(runs))
        for row, item, loss in zip(rows, objects, final):
            self.assertEqual(numpy.float32(row["test_loss"]), loss)
            self.assertEqual(numpy.float32(item["test_loss"]), loss)
            self.assertTrue(math.isfinite(float(row["seconds"])))
            self.assertEqual(item["status"], "done")

    def test_a_second_start_runs_nothing(self):
        self.run_tiny()
        before = (self.folder / "tiny.h5").read_bytes()
        for again in (("run", "tiny.yaml"), ("resume", "tiny.h5")):
            out = self.run_program(*again)
            self.assertIn("tiny.h5: all 9 runs are done; nothing to do", out)
            self.assertEqual((self.folder / "tiny.h5").read_bytes(), before)

    def test_a_flipped_bit_is_told_and_its_run_goes_again(self):
        self.run_tiny("-o", "whole.h5")
        self.run_tiny()
        with h5py.File(self.folder / "tiny.h5", "r") as file:
            curves = file["results/test_loss"]
            identity, place = file["results/run"].asstr()[4], curves.id.get_offset() + 4 * curves.shape[1] * 4
        with open(self.folder / "tiny.h5", "r+b") as file:
            file.seek(place)
            byte = file.read(1)[0]
            file.seek(place)
            file.write(bytes([byte ^ 1]))
        code, out, err = self.start("run", "tiny.yaml", "--ranks", 1).wait()
        self.assertEqual(code, 0, err)
        self.assertIn(f"mesasweep: tiny.h5: run {identity}: its row is damaged; it runs again\n", err)
        self.assertIn("tiny.h5: 8 of 9 runs are done; 1 to do", out)
        self.assertSameResults("whole.h5", "tiny.h5")

    def test_resume_needs_only_the_file(self):
        self.write("tiny.yaml", program.TINY + "quick: {train.steps: 30}\n")
        job = self.start("run", "tiny.yaml", "--quick", "--ranks", 1, "train.batch=48")
        self.wait_for_done("tiny.quick.h5", 1)
        job.kill_all()
        (self.folder / "tiny.yaml").unlink()
        self.run_program("resume", "tiny.quick.h5", "--ranks", 2)
        self.assertEqual(self.status("tiny.quick.h5")["done"], 9)
        with h5py.File(self.folder / "tiny.quick.h5", "r") as file:
            self.assertEqual(file["config"].attrs["train.batch"], 48)
            self.assertEqual(file["config"].attrs["train.steps"], 30)

    def test_a_sweep_joins_the_mpirun_that_it_is_under(self):
        self.run_tiny()
        mpirun = ("mpirun", "-q", "-n", "2")
        self.run_program("run", "tiny.yaml", "-o", "joined.h5", under=mpirun)
        self.assertSameResults("tiny.h5", "joined.h5")
        code, out, err = self.start("run", "tiny.yaml", "-o", "wrong.h5", "model.depth=99", under=mpirun).wait()
        self.assertEqual((code, out, err.count("\n")), (2, "", 1), err)
        self.assertFalse((self.folder / "wrong.h5").exists())

    def test_ranks_of_another_program_are_refused_in_one_line(self):
        self.write("tiny.yaml", program.TINY)
        other = self.folder / "other"
        other.write_bytes(pathlib.Path(program.PROGRAM).read_bytes() + b"a build of its own")
        other.chmod(0o755)
        mpirun = ("mpirun", "-q", "-n", "2", program.PROGRAM, "run", "tiny.yaml", ":", "-n", "1", other,
                  "run", "tiny.yaml", ":", "-n", "1")
        code, out, err = self.start("run", "tiny.yaml", under=mpirun).wait()
        self.assertEqual(code, 2, out + err)
        host = socket.gethostname()
        self.assertRegex(err, rf"^rank 2 on {host} is another program \(digest [0-9a-f]{{16}}, results version \d+\) "
                              rf"than rank 0 on {host} \(digest [0-9a-f]{{16}}, results version \d+\); start the same "
                              r"file on all hosts\n$")
        self.assertEqual(self.status("tiny.h5")["pending"], 9)

    def test_rank_0_alone_tells_how_a_job_ended(self):
        """mpirun ends all ranks at the first that exits with another code than 0: rank 0 before its line is out."""
        self.write("tiny.yaml", program.TINY)
        self.write("taken.h5", "no result file")
        rank = ('"$@"; code=$?; echo $code > $OMPI_COMM_WORLD_RANK.new; mv $OMPI_COMM_WORLD_RANK.new code.$OMPI_COMM_WORLD_RANK; '
                'until [ -e code.0 ] && [ -e code.1 ] && [ -e code.2 ]; do sleep 0.01; done; exit $code')
        under = ("mpirun", "-q", "--oversubscribe", "-n", "3", "sh", "-c", rank, "rank")
        code, out, err = self.start("run", "tiny.yaml", "-o", "taken.h5", under=under).wait()
        self.assertEqual(code, 2, out + err)
        self.assertEqual(err.count("\n"), 1, err)
        self.assertEqual([(self.folder / f"code.{i}").read_text() for i in range(3)], ["2\n", "0\n", "0\n"])

    def test_a_batch_script_runs_the_sweep_whatever_the_names_are(self):
        self.run_tiny("train.steps=50")
        names = ["it's; touch bad", "$(touch bad)`touch bad`", "-o \"#SBATCH --wrap"]
        for name in names:
            with self.subTest(name):
                folder = self.folder / name
                folder.mkdir()
                (folder / f"{name}.yaml").write_text(program.TINY)
                run = subprocess.run([program.PROGRAM, "sbatch", f"--file={name}.h5", "-o", f"{name}.sbatch", "--",
                                      f"{name}.yaml", "train.steps=50"], cwd=folder, capture_output=True, text=True)
                self.assertEqual((run.returncode, run.stdout, run.stderr), (0, "", ""))
                run = subprocess.run(["bash", folder / f"{name}.sbatch"], cwd=self.folder, capture_output=True, text=True,
                                     env=program.environment())
                self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
                self.assertSameResults("tiny.h5", f"{name}/{name}.h5")
        self.assertEqual([name for name in self.listing() if name.endswith("bad")], [names[0]])

    def test_a_run_with_changed_key_is_another_sweep(self):
        self.run_tiny()
        before = (self.folder / "tiny.h5").read_bytes()
        code, out, err = self.start("run", "tiny.yaml", "train.steps=61").wait()
        self.assertEqual((code, out), (2, ""))
        self.assertEqual(err, "tiny.h5: 9 finished runs are not in this sweep (0 are); give --retire to keep them, "
                              "marked, or another file with -o\n")
        self.assertEqual((self.folder / "tiny.h5").read_bytes(), before)


program.main()
