"""Without this memory that is refused somewhere could end in a crash, or spoil a row.

Each place of the program that asks for memory, found in a start without faults, is refused once; those of libraries are
theirs. EACH_ALLOCATION_STEP: every so-manieth place; 1: all."""

import os
import re

import fault_lab
import program

STEP = int(os.environ.get("EACH_ALLOCATION_STEP", "29"))
COMMANDS = (  # words, whether it is a rank that writes
    (("plan", "tiny.yaml"), False),
    (("status", "tiny.h5"), False),
    (("table", "tiny.h5", "--json"), False),
    (("verify", "tiny.h5"), False),
    (("show", "tiny.h5", "RUN"), False),
    (("run", "tiny.yaml"), True),
)
LINE = re.compile(r"[^\n]*(no memory|Cannot allocate memory|memory)[^\n]*\n")


class EachAllocation(fault_lab.Lab):
    def prepare(self, words, writes):
        """A new place, and the words with the name of a run in it."""
        place = self.place()
        if writes or words[0] == "plan":
            return place, words
        (place / "tiny.h5").write_bytes((self.folder / "tiny.h5").read_bytes())
        run = self.calm["results/run"].split(b"\n")[0].decode()
        return place, [run if word == "RUN" else word for word in words]

    def places(self, words, writes):
        """{(place, process)} where memory is asked for."""
        place, words = self.prepare(words, writes)
        code, _, err, lines = self.alone(place, *words, rank=writes, fault="memory 0 0 0 *")
        self.assertEqual((code, fault_lab.PROGRESS.sub("", err)), (0, ""))
        return sorted({tuple(line.split()[1:]) for line in lines})

    def refuse(self, words, writes, at, process):
        place, words = self.prepare(words, writes)
        code, _, err, lines = self.alone(place, *words, rank=writes, fault=f"memory {at} 1 1 {process}")
        said = fault_lab.PROGRESS.sub("", err).partition("-----")[0]  # behind our line MPI_Abort puts its page
        self.assertTrue(lines)
        if code == 0:  # a comfort that was left out, or a second attempt
            self.assertTrue(writes, "code 0")
        else:
            self.assertEqual(code, 1, said)
            self.assertRegex(said, LINE)
            if not process.startswith(("mesasweep-run", "mesasweep-nurse")):
                self.assertEqual(said.count("\n"), 1, said)
        self.assertDoneRowsAreRight(place)
        if writes and code != 0:
            again = ("retry", "--failed", "tiny.h5") if process.startswith("mesasweep-run") else words
            self.code(place, *again)
        if (place / "tiny.h5").exists():
            self.assertWhole(place)

    def test_each_place_in_turn(self):
        tried, first = 0, 0
        for words, writes in COMMANDS:
            places = self.places(words, writes)
            if not places:
                self.skipTest("the program's own malloc stands before that of the test")
            for at, process in places[first % STEP::STEP]:
                with self.subTest(f"{words[0]}: {at} in {process}"):
                    self.refuse(words, writes, at, process)
                tried += 1
            first += 5
            print(f"{words[0]}: {len(places)} places", flush=True)
        print(f"{tried} refusals in {self.starts} starts", flush=True)


program.main()
