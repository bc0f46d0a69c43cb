"""Without this editing a sweep would cost its finished runs, or change the file into something that never ran."""

import shutil
import subprocess

import h5py

import program

GROWN = program.TINY.replace("count: 3", "count: 4")
LESS = program.TINY.replace("depth: [1, 2]", "depth: [1]")


class Change(program.Case):
    def run_sweep(self, text, *arguments):
        self.write("tiny.yaml", text)
        return self.run_program("run", "tiny.yaml", "--ranks", 2, *arguments)

    def refuse(self, *arguments):
        """The one line of the refusal; the file stays as it is."""
        before = (self.folder / "tiny.h5").read_bytes()
        code, out, err = self.start("run", "tiny.yaml", *arguments).wait()
        self.assertEqual((code, out, err.count("\n")), (2, "", 1), err)
        self.assertEqual((self.folder / "tiny.h5").read_bytes(), before)
        return err

    def test_a_grown_sweep_equals_one_that_was_whole_from_the_start(self):
        self.run_sweep(program.TINY)
        out = self.run_sweep(GROWN)
        self.assertIn("tiny.h5: the sweep has changed: 9 finished runs kept, 3 left, 0 retired\n", out)
        self.assertIn("tiny.h5: 9 of 12 runs are done; 3 to do\n", out)
        self.assertEqual(self.run_sweep(GROWN), "tiny.h5: all 12 runs are done; nothing to do\n")
        self.assertEqual(self.run_program("resume", "tiny.h5"), "tiny.h5: all 12 runs are done; nothing to do\n")
        self.run_sweep(GROWN, "-o", "whole.h5")
        self.assertSameResults("whole.h5", "tiny.h5")
        self.assertEqual(self.listing(), ["tiny.h5", "tiny.yaml", "whole.h5"])

    def test_snapshots_go_with_their_rows(self):
        more = GROWN.replace("  evaluation", "  keep.weights: {at: [0, 20, 60]}\n  evaluation")
        sweep = more.replace("count: 4", "count: 3").replace("[gd, alignment, probe]", "[gd]")
        self.run_sweep(sweep)
        self.run_sweep(more)
        self.run_sweep(more, "-o", "whole.h5")
        self.assertSameResults("whole.h5", "tiny.h5")
        with h5py.File(self.folder / "tiny.h5", "r") as file:
            self.assertEqual(set(map(tuple, file["results/snapshot_step"][()])), {(0, 20, 60)})
            for group in file["weights"].values():
                final, along = group["layer0/query"][()], group["snapshots/layer0/query"][()]
                self.assertEqual(along.shape, (len(final), 3, *final.shape[1:]))
                self.assertTrue((along[:, 2] == final).all())
                self.assertFalse((along[:, 0] == final).all())
                self.assertEqual(set(map(tuple, group["snapshots/step"][()])), {(0, 20, 60)})

    def test_an_edit_that_changes_no_run_changes_nothing(self):
        self.run_sweep(program.TINY)
        before = (self.folder / "tiny.h5").read_bytes()
        out = self.run_sweep("about: the same runs\n" + program.TINY, "retry.attempts=5")
        self.assertEqual(out, "tiny.h5: all 9 runs are done; nothing to do\n")
        self.assertEqual((self.folder / "tiny.h5").read_bytes(), before)

    def test_runs_that_left_the_grid_are_kept_when_asked(self):
        self.run_sweep(program.TINY)
        shutil.copy(self.folder / "tiny.h5", self.folder / "whole.h5")
        self.write("tiny.yaml", LESS)
        self.assertEqual(self.refuse(), "tiny.h5: 3 finished runs are not in this sweep (6 are); give --retire to keep "
                                        "them, marked, or another file with -o\n")
        out = self.run_sweep(LESS, "--retire")
        self.assertEqual(out, "tiny.h5: the sweep has changed: 6 finished runs kept, 0 left, 3 retired\n"
                              "tiny.h5: all 6 runs are done; nothing to do\n")
        status = self.status("tiny.h5")
        self.assertEqual((status["runs"], status["done"], status["retired"]), (6, 6, 3))
        marks = [line.split()[-1] for line in self.run_program("table", "tiny.h5").splitlines()]
        self.assertEqual(marks, ["status"] + 6 * ["done"] + 3 * ["retired"])
        self.assertEqual(self.run_program("resume", "tiny.h5"), "tiny.h5: all 6 runs are done; nothing to do\n")
        out = self.run_sweep(program.TINY)
        self.assertIn("tiny.h5: the sweep has changed: 9 finished runs kept, 0 left, 0 retired\n", out)
        self.assertSameResults("whole.h5", "tiny.h5")

    def test_samples_points_and_conditions_change_as_a_grid_does(self):
        searched = ("name: tiny\nset: {train: {steps: 60, batch: 32, evaluations: 7}, evaluation.tasks: 128}\n"
                    "zip: [{model.depth: [1, 2], model.heads: [2, 1]}]\n"
                    "random: {samples: 3, over: {train.rate: {log: [1.0e-4, 1.0e-2]}}}\n"
                    "include: [{model.depth: 3}]\npoints: more.jsonl\n"
                    "require: model.depth * model.heads < 9\nanalyses: []\n")
        self.write("more.jsonl", '{"seed": 1}\n{"seed": 2, "model.heads": 9}\n{"seed": 3}\n')
        self.run_sweep(searched)
        self.assertEqual(self.status("tiny.h5")["done"], 9)
        (self.folder / "more.jsonl").unlink()  # the file knows its runs
        self.assertEqual(self.run_program("resume", "tiny.h5"), "tiny.h5: all 9 runs are done; nothing to do\n")
        self.assertIn("9 of 9 runs have a checksum, 0 of them", self.run_program("verify", "tiny.h5"))

        grown = searched.replace("samples: 3", "samples: 4").replace("heads < 9", "heads > 1")
        self.write("more.jsonl", '{"seed": 3, "model.heads": 2}\n')
        out = self.run_sweep(grown, "--retire")
        self.assertIn("tiny.h5: the sweep has changed: 7 finished runs kept, 3 left, 2 retired\n", out)
        self.run_sweep(grown, "-o", "whole.h5")
        self.write("plan.yaml", "name: tiny\nanalyses: []\npoints: plan.jsonl\n")
        self.write("plan.jsonl", self.run_program("plan", "tiny.yaml", "--json"))
        self.assertEqual(self.run_program("run", "plan.yaml", "-o", "whole.h5"),
                         "whole.h5: all 10 runs are done; nothing to do\n")

    def test_without_room_for_both_files_nothing_is_touched(self):
        self.run_sweep(program.TINY)
        self.write("tiny.yaml", GROWN)
        size = (self.folder / "tiny.h5").stat().st_size * 3 // 2
        script = (f"mkdir disk && mount -t tmpfs -o size={size} none disk && cp tiny.h5 disk && "
                  f"{program.PROGRAM} run tiny.yaml -o disk/tiny.h5 --yes; echo $?; cmp tiny.h5 disk/tiny.h5; ls disk")
        if subprocess.run(["unshare", "-rm", "sh", "-c", "mount -t tmpfs none /mnt"], capture_output=True).returncode:
            self.skipTest("no file system may be mounted here")
        got = subprocess.run(["unshare", "-rm", "sh", "-c", script], cwd=self.folder, capture_output=True, text=True,
                             env=program.environment())
        self.assertEqual(got.stdout, "1\ntiny.h5\n", got.stderr)
        self.assertRegex(got.stderr, r"^disk/tiny.h5: needs .* MB, there is room for .* MB; [^\n]*\n$")


program.main()
