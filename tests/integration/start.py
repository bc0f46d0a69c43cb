"""Without this a tuned run could start from other weights than it says, and no one would see it."""

import unittest

import h5py
import numpy

import program

MODEL = """\
  tokens.kind: raw
  model: {depth: 2, heads: 2, key_size: 4, layers: "softmax*", keys_from: causal, embedding: 8, output_embedding: true}
  train: {steps: 40, batch: 32, optimiser: sgd, clip_norm: 0, evaluations: 3}
  evaluation.tasks: 64
"""
# The second run diverges.
BASE = f"""\
name: base
set:
  task: {{kind: linear_dynamics, dimension: 3, context: 9, input_range: 2}}
{MODEL}
grid:
  train.rate: [0.01, 100]
analyses: [gd]
"""
TUNED = f"""\
name: tuned
set:
  task: {{kind: few_shot, dimension: 3, context: 5, input_range: 2}}
{MODEL}
  start.file: base.h5
  train.rate: 0.01
  model.eos: 2
  model.frozen: all except eos
grid:
  seed: [0, 1]
  start.run: [RUN]
analyses: [gd]
"""


def tensors(path):
    """{name: rows} of the only class of weights."""
    with h5py.File(path, "r") as file:
        (group,) = file["weights"].values()
        found = {}
        group.visititems(lambda name, item: found.update({name: item[:]})
                         if isinstance(item, h5py.Dataset) and name != "run" else None)
    return found


class Start(program.Case):
    def setUp(self):
        super().setUp()
        self.write("base.yaml", BASE)
        self.run_program("run", "base.yaml", "--ranks", 1)
        with h5py.File(self.folder / "base.h5", "r") as file:
            self.identity = dict(zip(file["results/state"][:].view("S8")[:, 0].astype(str), file["results/run"].asstr()[:]))
        self.write("tuned.yaml", TUNED.replace("RUN", self.identity["done"]))

    def divergence_was_seen_within_one_evaluation(self):
        with h5py.File(self.folder / "base.h5", "r") as file:
            results = file["results"]
            row = list(results["run"].asstr()[:]).index(self.identity["diverged"])
            steps, made, losses = results["step"][:], results["steps_done"][row], results["test_loss"][row]
        seen = int(numpy.isfinite(losses).sum())
        self.assertIn(seen, (1, 2))
        self.assertLessEqual(made, steps.reshape(-1, 3)[0][seen])

    def refuse(self, *arguments):
        before = self.listing()
        code, out, err = self.start("run", "tuned.yaml", *arguments).wait()
        self.assertEqual((code, out, err.count("\n")), (2, "", 1), err)
        self.assertEqual(self.listing(), before)
        place, _, rest = err[:-1].partition(": ")
        self.assertTrue(rest.endswith(")"), rest)
        return place, rest[:rest.rindex(" (run 0")]

    def refusals(self):
        done, other = self.identity["done"], "0123456789abcdef"
        line, here = "tuned.yaml:15:14", "command line"
        self.assertEqual(self.refuse("start.file=none"),
                         (line, f"start.run: nothing says where the run {done} is; name in start.file the result file that has it"))
        self.assertEqual(self.refuse("start.file=no.h5"),
                         (here, "start.file: no.h5 is not there; run the sweep that makes it first, or say where it is"))
        self.assertEqual(self.refuse("start.file=base.yaml"), (here, "start.file: base.yaml: is no result file (not HDF5)"))
        self.assertEqual(self.refuse(f"start.run={other}"),
                         (here, f"start.run: base.h5 has no run {other}; 'mesasweep table base.h5 --columns=run' lists them"))
        self.assertEqual(self.refuse(f"start.run={self.identity['diverged']}"),
                         (here, f"start.run: run {self.identity['diverged']} of base.h5 is diverged; name one that is done, "
                                "'mesasweep table base.h5 --where=status=done --columns=run' lists them"))
        self.assertEqual(self.refuse("model.embedding=9"),
                         (line, f"start.run: {done} has a tensor query of layer 0 [8, 8], this model query of layer 0 [9, 8]; "
                                f"set the keys of its shape as in that run: 'mesasweep show base.h5 {done}' lists them"))
        self.run_program("run", "base.yaml", "keep.weights=none", "train.rate=0.01", "-o", "none.h5", "--ranks", 1)
        self.assertEqual(self.refuse("start.file=none.h5"),
                         (line, f"start.run: run {done} of none.h5 kept no weights (keep.weights: none); train it into "
                                "another file"))
        data = bytearray((self.folder / "base.h5").read_bytes())
        weight = tensors(self.folder / "base.h5")["layer1/key"][0].tobytes()
        self.assertEqual(data.count(weight), 1)
        data[data.index(weight)] ^= 1
        (self.folder / "flipped.h5").write_bytes(data)
        self.assertEqual(self.refuse("start.file=flipped.h5"),
                         (line, f"start.run: the row of run {done} of flipped.h5 is damaged; 'mesasweep resume flipped.h5' "
                                "runs it again"))

    def tuning_changes_what_is_not_frozen(self):
        self.run_program("run", "tuned.yaml", "--ranks", 2)
        base, tuned = tensors(self.folder / "base.h5"), tensors(self.folder / "tuned.h5")
        self.assertEqual(set(tuned) - set(base), {"eos"})
        with h5py.File(self.folder / "base.h5", "r") as file:
            row = list(file["results/run"].asstr()[:]).index(self.identity["done"])
            row = file["results/weights_row"][row]
        for name in base:
            for run in (0, 1):
                numpy.testing.assert_array_equal(tuned[name][run], base[name][row], name)
        self.assertFalse(numpy.array_equal(tuned["eos"][0], tuned["eos"][1]))

    def run_is_the_identity_not_what_it_starts_from(self):
        with h5py.File(self.folder / "tuned.h5", "r") as file:
            runs = list(file["results/run"].asstr()[:])
        self.assertEqual([row["run"] for row in self.run_json("table", "tuned.h5", "--columns=run")["runs"]], runs)
        self.assertEqual(self.run_program("table", "tuned.h5", "--csv", "--columns=run,start.run", f"--where=run={runs[1]}"),
                         f"run,start.run\n{runs[1]},{self.identity['done']}\n")

    def what_is_done_needs_the_file_no_more(self):
        (self.folder / "base.h5").rename(self.folder / "moved.h5")
        self.assertIn("nothing to do", self.run_program("resume", "tuned.h5"))
        self.assertEqual(self.refuse("seed=5", "-o", "new.h5"),
                         ("tuned.yaml:9:15", "start.file: base.h5 is not there; run the sweep that makes it first, or say "
                                             "where it is"))
        self.run_program("run", "tuned.yaml", "start.file=moved.h5", "-o", "other.h5", "--ranks", 1)
        with h5py.File(self.folder / "tuned.h5", "r") as one, h5py.File(self.folder / "other.h5", "r") as two:
            for column in ("run", "checksum"):  # where the file lies is no part of a run
                numpy.testing.assert_array_equal(one["results"][column][:], two["results"][column][:])
        self.run_program("verify", "other.h5", "--rerun", 1)

    def test_runs_that_start_from_others(self):
        self.divergence_was_seen_within_one_evaluation()
        self.refusals()
        self.tuning_changes_what_is_not_frozen()
        self.run_is_the_identity_not_what_it_starts_from()
        self.what_is_done_needs_the_file_no_more()


if __name__ == "__main__":
    unittest.main()
