"""Without this a sweep that several small jobs share could lose a shard, or mix results that do not belong together."""

import json

import h5py

import program


class Merge(program.Case):
    def run_sweep(self, *arguments):
        self.write("tiny.yaml", program.TINY)
        return self.run_program("run", "tiny.yaml", "--ranks", 1, *arguments)

    def refuse(self, *arguments):
        before = self.listing()
        code, out, err = self.start(*arguments).wait()
        self.assertEqual((code, out, err.count("\n")), (2, "", 1), err)
        self.assertEqual(self.listing(), before)
        return err

    def flip(self, file, column, row):
        """A bit of a row; returns the run's name."""
        with h5py.File(self.folder / file, "r") as handle:
            data = handle["results/" + column]
            run = handle["results/run"].asstr()[row]
            place = data.id.get_offset() + row * data.dtype.itemsize * data.size // len(data)
        with open(self.folder / file, "r+b") as handle:
            handle.seek(place)
            byte = handle.read(1)[0]
            handle.seek(place)
            handle.write(bytes([byte ^ 1]))
        return run

    def test_shards_that_are_merged_equal_the_whole(self):
        self.run_sweep("-o", "whole.h5")
        parts = []
        for i in range(3):
            parts.append(f"part{i}.h5")
            self.run_sweep("--shard", f"{i}/3", "-o", parts[-1])
        self.assertEqual(sum(self.status(part)["runs"] for part in parts), 9)
        self.assertEqual(self.run_program("merge", "tiny.h5", *parts), "tiny.h5: 9 of 9 runs are done\n")
        self.assertSameResults("whole.h5", "tiny.h5")
        self.assertEqual(self.run_program("resume", "tiny.h5"), "tiny.h5: all 9 runs are done; nothing to do\n")
        self.assertIn("exists already", self.refuse("merge", "tiny.h5", *parts))
        done = self.status(parts[0])["done"]
        self.run_program("merge", "part.h5", parts[0])
        self.assertEqual(self.status("part.h5")["pending"], 9 - done)
        self.run_program("resume", "part.h5", "--ranks", 1)
        self.assertSameResults("whole.h5", "part.h5")
        self.assertIn("holds shard 0/3 of the sweep, this is 1/3",
                      self.refuse("run", "tiny.yaml", "--shard", "1/3", "-o", parts[0]))
        self.run_program("resume", parts[0])

    def test_files_that_do_not_belong_together_are_refused(self):
        self.run_sweep("-o", "one.h5")
        self.run_sweep("-o", "other.h5", "train.rate=0.002")
        self.assertEqual(self.refuse("merge", "tiny.h5", "one.h5", "other.h5"),
                         "other.h5: is of another sweep than one.h5\n")
        for shard in ("3/3", "1", "-1/3", "1/0", "a/b", "1/3x"):
            self.assertIn("--shard: takes I/N, part I of 0 .. N-1",
                          self.refuse("run", "tiny.yaml", "--shard=" + shard))

    def test_verify_names_the_run_whose_bit_flipped(self):
        self.run_sweep()
        before = (self.folder / "tiny.h5").read_bytes()
        self.assertEqual(self.run_program("verify", "tiny.h5"),
                         "tiny.h5: 9 of 9 runs have a checksum, 0 of them do not hold\n")
        self.assertEqual((self.folder / "tiny.h5").read_bytes(), before)
        run = self.flip("tiny.h5", "test_loss", 4)
        before = (self.folder / "tiny.h5").read_bytes()
        out = self.run_program("verify", "tiny.h5", code=1)
        self.assertIn(f"tiny.h5: run {run} is damaged: its checksum does not hold\n", out)
        found = json.loads(self.run_program("verify", "--json", "tiny.h5", code=1))
        self.assertEqual(found, {"file": "tiny.h5", "runs": 9, "results": 9, "damaged": [run]})
        self.assertEqual((self.folder / "tiny.h5").read_bytes(), before)
        self.assertEqual(self.listing(), ["tiny.h5", "tiny.yaml"])


program.main()
