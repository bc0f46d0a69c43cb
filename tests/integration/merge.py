"""Without this a sweep that several small jobs share could lose a shard, or mix results that do not belong together."""

import struct

import h5py

import program

WORD = 2**64 - 1
PRIMES = (11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579, 2870177450012600261)


def turned(value, bits):
    return (value << bits | value >> (64 - bits)) & WORD


def xxh64(data, seed):
    """By its specification, github.com/Cyan4973/xxHash."""
    p1, p2, p3, p4, p5 = PRIMES

    def step(lane, word):
        return turned((lane + word * p2) & WORD, 31) * p1 & WORD

    lanes, at, hash = [seed + p1 + p2, seed + p2, seed, seed - p1], 0, (seed + p5) & WORD
    while len(data) - at >= 32:
        lanes = [step(lane, word) for lane, word in zip(lanes, struct.unpack_from("<4Q", data, at))]
        at += 32
    if at:
        hash = sum(turned(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & WORD
        for lane in lanes:
            hash = ((hash ^ step(0, lane)) * p1 + p4) & WORD
    hash = (hash + len(data)) & WORD
    while len(data) - at >= 8:
        hash = (turned(hash ^ step(0, struct.unpack_from("<Q", data, at)[0]), 27) * p1 + p4) & WORD
        at += 8
    if len(data) - at >= 4:
        hash = (turned(hash ^ struct.unpack_from("<I", data, at)[0] * p1 & WORD, 23) * p2 + p3) & WORD
        at += 4
    for byte in data[at:]:
        hash = turned(hash ^ byte * p5 & WORD, 11) * p1 & WORD
    for shift, prime in ((33, p2), (29, p3), (32, 1)):
        hash = (hash ^ hash >> shift) * prime & WORD
    return hash


def in_order(group):
    """Datasets of a group with a row for each run, in the order of their creation."""
    names = []
    group.id.links.visit(lambda name: names.append(name.decode()), idx_type=h5py.h5.INDEX_CRT_ORDER)
    return [group[name] for name in names if isinstance(group[name], h5py.Dataset)]


def checksum(file, row):
    """Of a row that has all analyses: what src/README.md says of it."""
    results, runs = file["results"], len(file["results/run"])
    hash = xxh64(struct.pack("<Q", int(results["run"].asstr()[row], 16)), 0)
    for column in in_order(results):
        name = column.name.rpartition("/")[2]
        numbers = column.dtype.kind in "iufb" or h5py.check_enum_dtype(column.dtype)
        if numbers and len(column) == runs and column.attrs.get("CLASS") != b"DIMENSION_SCALE" and name not in (
                "status", "checksum", "analysed"):
            hash = xxh64(column[row].tobytes(), hash)
    return xxh64(results["status"][row].tobytes(), hash)

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
        found = self.run_json("verify", "tiny.h5", code=1)
        self.assertEqual(found, {"file": "tiny.h5", "runs": 9, "results": 9, "damaged": [run]})
        self.assertEqual((self.folder / "tiny.h5").read_bytes(), before)
        self.assertEqual(self.listing(), ["tiny.h5", "tiny.yaml"])

    def test_a_run_that_is_carried_out_once_more_has_the_same_bits_in_all_analyses(self):
        self.write("tiny.yaml", program.TINY.replace("count: 3", "count: 1").rpartition("analyses")[0])
        self.run_program("run", "tiny.yaml", "--ranks", 1, "evaluation.tasks=16")
        listing, before = self.listing(), (self.folder / "tiny.h5").read_bytes()
        self.assertEqual(self.run_program("verify", "tiny.h5", "--rerun", 2),
                         "tiny.h5: 3 of 3 runs have a checksum, 0 of them do not hold\n"
                         "tiny.h5: 2 runs were carried out once more, 0 of them differ\n")
        found = self.run_json("verify", "tiny.h5", "--rerun=100")
        with h5py.File(self.folder / "tiny.h5", "r") as file:
            runs = sorted(file["results/run"].asstr()[:])
        self.assertEqual(found["reruns"], [{"run": run, "difference": None} for run in runs])
        self.assertEqual((self.folder / "tiny.h5").read_bytes(), before)
        self.assertEqual(self.listing(), listing)

    def test_a_row_whose_checksum_holds_but_not_its_bits_is_found(self):
        self.run_sweep("keep.weights=none")
        run = self.flip("tiny.h5", "test_loss", 4)
        with h5py.File(self.folder / "tiny.h5", "r") as file:
            self.assertEqual(checksum(file, 3), file["results/checksum"][3])
            place = file["results/checksum"].id.get_offset() + 4 * 8
            forged = checksum(file, 4)
        with open(self.folder / "tiny.h5", "r+b") as file:
            file.seek(place)
            file.write(struct.pack("<Q", forged))
        out = self.run_program("verify", "tiny.h5", "--rerun", 9, code=1)
        self.assertEqual(out, f"tiny.h5: run {run} was carried out once more and differs in test_loss\n"
                              "tiny.h5: 9 of 9 runs have a checksum, 0 of them do not hold\n"
                              "tiny.h5: 9 runs were carried out once more, 1 of them differ\n")
        listed = self.run_json("verify", "tiny.h5", "--rerun", 9, code=1)["reruns"]
        self.assertEqual([one for one in listed if one["difference"]], [{"run": run, "difference": "test_loss"}])


program.main()
