"""Without this a mistake on the command line could write files, start processes, or end in more than one clear line."""

import program

RUN = "mesasweep run SWEEP.yaml [key=value ...]"
SWEEP = """\
name: small
set: {train.steps: 50}
grid: {seed: [0, 1]}
"""

# the command line and the one line that it gets
CASES = [
    ("", "mesasweep: no command; 'mesasweep --help' lists the commands"),
    ("rnu a.yaml", "mesasweep: 'rnu' is no command; 'mesasweep --help' lists the commands"),
    ("run", f"mesasweep run: the sweep file is missing; usage: {RUN}"),
    ("run seed=1", f"mesasweep run: the sweep file is missing before 'seed=1'; usage: {RUN}"),
    ("run small.yaml more", "mesasweep run: 'more' is no setting; settings are key=value"),
    ("run small.yaml --quik", "mesasweep run: --quik: unknown option; did you mean --quick?"),
    ("run small.yaml --ranks=0", "mesasweep run: --ranks: takes a whole number from 1 to 1000000"),
    ("run small.yaml -o", "mesasweep run: -o: needs a value, FILE.h5"),
    ("run small.yaml --json", "mesasweep run: --json: unknown option; 'mesasweep run --help' lists them"),
    ("plan", "mesasweep plan: the sweep file is missing; usage: mesasweep plan SWEEP.yaml [key=value ...]"),
    ("resume", "mesasweep resume: the result file is missing; usage: mesasweep resume FILE.h5"),
    ("run small.yaml -o no/such/a.h5", "no/such/a.h5: there is no folder no/such; make it first"),
    ("sbatch", "mesasweep sbatch: the sweep file is missing; usage: mesasweep sbatch SWEEP.yaml [key=value ...]"),
    ("sbatch small.yaml -o small.h5",
     "mesasweep sbatch: -o small.h5: names the script; the result file is named by --file"),
    ("sbatch small.yaml -o small.yaml",
     "small.yaml: is there already; name another, or remove this one"),
    ("sbatch small.yaml --file no/such/a.h5", "no/such/a.h5: there is no folder no/such; make it first"),
    ("sbatch small.yaml --tasks=3",
     "mesasweep sbatch: --tasks: the sweep has 2 runs; more tasks than that have nothing to do"),
    ("sbatch small.yaml --tasks=none", "mesasweep sbatch: --tasks: takes a whole number from 1 to 1000000"),
    ("sbatch small.yaml --walltime=4:59",
     "mesasweep sbatch: --walltime: less than 5 minutes, of which two are for stopping in good order"),
    ("sbatch small.yaml --walltime=tomorrow",
     "mesasweep sbatch: --walltime: takes minutes, M:S, H:M:S or D-H:M:S, as Slurm does"),
    ("sbatch small.yaml --ranks=2", "mesasweep sbatch: --ranks=2: unknown option; did you mean --tasks?"),
    ("resume a.h5 b.h5", "mesasweep resume: 'b.h5' is too much; usage: mesasweep resume FILE.h5"),
    ("status", "mesasweep status: the result file is missing; usage: mesasweep status FILE.h5"),
    ("plan small.yaml --list --json", "mesasweep plan: --list and --json exclude each other"),
    ("table a.h5 --csv --json", "mesasweep table: --csv and --json exclude each other"),
    ("verify", "mesasweep verify: the result file is missing; usage: mesasweep verify FILE.h5"),
    ("verify a.h5 --rerun=0", "mesasweep verify: --rerun: takes a whole number from 1 to 1000000"),
    ("verify a.h5 --rerun", "mesasweep verify: --rerun: needs a value, K"),
    ("show", "mesasweep show: the result file is missing; usage: mesasweep show FILE.h5 RUN"),
    ("show a.h5", "mesasweep show: the name of a run is missing; usage: mesasweep show FILE.h5 RUN"),
    ("log a.h5 12 34", "mesasweep log: '34' is too much; usage: mesasweep log FILE.h5 RUN"),
    ("retry --failed", "mesasweep retry: the result file is missing; usage: mesasweep retry --failed FILE.h5"),
    ("retry a.h5", "mesasweep retry: say --failed; usage: mesasweep retry --failed FILE.h5"),
    ("keys all", "mesasweep keys: 'all' is too much; usage: mesasweep keys"),
    ("version 2", "mesasweep version: '2' is too much; usage: mesasweep version"),
]

# the command line and words that its line must have, in this order; the rest is another layer's
PARTS = [
    ("run missing.yaml", ["missing.yaml", "No such file"]),
    ("plan missing.yaml", ["missing.yaml", "No such file"]),
    ("run wrong.yaml", ["wrong.yaml:2:", "train.stpes", "train.steps"]),
    ("run small.yaml train.stpes=3", ["train.stpes", "train.steps"]),
    ("run small.yaml train.steps=many", ["train.steps", "many"]),
    ("run small.yaml model.depth=0", ["model.depth", "0", "1..32"]),
    ("run small.yaml -o small.yaml", ["small.yaml"]),
    ("sbatch wrong.yaml", ["wrong.yaml:2:", "train.stpes", "train.steps"]),
    ("sbatch small.yaml limits.file=1000", ["small.h5: would take", "limits.file is 1.0 KB", "--yes"]),
    ("sbatch small.yaml -o no/such/script", ["no/such/script", "No such file"]),
    ("run small.yaml limits.file=1000", ["small.h5: would take", "limits.file is 1.0 KB", "--yes"]),
    ("resume missing.h5", ["missing.h5", "No such file"]),
    ("resume small.yaml", ["small.yaml"]),
    ("status missing.h5", ["missing.h5", "No such file"]),
    ("table small.yaml", ["small.yaml"]),
]


class Refusals(program.Case):
    def setUp(self):
        super().setUp()
        self.write("small.yaml", SWEEP)
        self.write("wrong.yaml", "name: wrong\nset: {train.stpes: 10}\n")

    def refused(self, line):
        before = {name: (self.folder / name).read_bytes() for name in self.listing()}
        code, out, err = self.start(*line.split()).wait()
        self.assertEqual(out, "")
        self.assertEqual((code, err.count("\n")), (2, 1), err)
        self.assertEqual({name: (self.folder / name).read_bytes() for name in self.listing()}, before)
        return err[:-1]

    def test_each_mistake_gets_its_line(self):
        for line, message in CASES:
            with self.subTest(line):
                self.assertEqual(self.refused(line), message)

    def test_each_mistake_in_a_file_is_named(self):
        for line, parts in PARTS:
            with self.subTest(line):
                err, at = self.refused(line), 0
                for part in parts:
                    self.assertIn(part, err[at:])
                    at = err.index(part, at) + len(part)

    def test_a_line_break_in_an_argument_makes_no_second_line(self):
        code, out, err = self.start("run", "small.yaml", "a\nb").wait()
        self.assertEqual((code, err), (2, "mesasweep: 'a?b' has a control character; rename the file, or leave it out\n"))

    def test_help_of_every_command_names_its_options(self):
        out = self.run_program("--help")
        for command, option in {"run": "--ranks", "resume": "--break-lock", "plan": "--json", "sbatch": "--tasks",
                                "status": "--json",
                                "table": "--csv", "keys": "--markdown", "version": "--help"}.items():
            self.assertIn(f"  {command}", out)
            self.assertIn(option, self.run_program(command, "--help"))


program.main()
