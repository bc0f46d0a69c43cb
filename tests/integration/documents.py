"""Without this README could list keys that do not exist, and a sweep that is shipped could be refused."""

import json
import re
import subprocess
import sys

import program

README = (program.SOURCE / "README.md").read_text()


class Documents(program.Case):
    def test_readme_lists_the_keys_of_the_program(self):
        block = README.split("<!-- mesasweep keys --markdown -->\n")[1].split("<!-- end -->")[0]
        self.assertEqual(block, self.run_program("keys", "--markdown"))

    def test_readme_shows_the_batch_script(self):
        self.assertIn((program.SOURCE / "slurm/sweep.sbatch").read_text(), README)

    def test_readme_s_table_has_the_columns_of_first_and_its_python_runs(self):
        self.run_program("run", program.SOURCE / "sweeps/first.yaml", "train.steps=50", "evaluation.tasks=500",
                         "-o", "first.h5", "--ranks", 2)
        (self.folder / "tools").symlink_to(program.SOURCE / "tools")
        self.commands_run("first.h5")
        header = self.run_program("table", "first.h5").splitlines()[0].split()
        self.assertTrue(header in map(str.split, README.splitlines()), header)
        blocks = re.findall(r"```python\n(.*?)```", README, re.S)
        self.assertGreaterEqual(len(blocks), 4)
        for block in blocks:
            with self.subTest(block):
                run = subprocess.run([sys.executable, "-B", "-W", "ignore", "-c", block], cwd=self.folder,
                                     capture_output=True, text=True)
                self.assertEqual(run.returncode, 0, run.stderr)

    def commands_run(self, file):
        """Those of the table of commands, as they stand there; log is refused, as nothing has failed."""
        first = program.SOURCE / "sweeps/first.yaml"
        run = self.run_json("table", file, "--columns=run")["runs"][0]["run"]
        lines = {"new": ["mine.yaml"], "resume": [file], "retry": ["--failed", file], "verify": [file, "--json"],
                 "analyse": [file, "gd", "--ranks", 2], "plan": [first, "--list"], "sbatch": [first, "--tasks", 2],
                 "status": [file, "--json"], "table": [file, "--group-by=depth", "--agg=mean,ci95", "--csv"],
                 "show": [file, run[:8]], "best": [file, "--by=gd_ratio:desc", "--where=depth=2"], "diff": [file, file],
                 "export": [file, "--npz", "-o", "first.npz"], "merge": ["both.h5", file], "keys": [], "version": [],
                 "bench": ["--list"]}
        for command, arguments in lines.items():
            with self.subTest(command):
                self.assertTrue(self.run_program(command, *arguments) or command == "export")
        self.assertEqual(self.start("log", file, run).wait()[0], 2)
        self.assertEqual({*lines, "run", "log"}, {command for command, _ in self.rows()})

    def rows(self):
        """(command, text) of each row of the table of commands."""
        return re.findall(r"^\| `mesasweep (\w+)(.*?)` \|", README, re.M)

    def test_readme_s_table_has_all_commands_and_no_option_that_is_not_there(self):
        listed = [line.split()[0] for line in self.run_program("--help").split("\n\n")[2].splitlines()]
        self.assertEqual({command for command, _ in self.rows()}, set(listed))
        told = re.findall(r"^\| `mesasweep (\w+)`", (program.SOURCE / "src/json.md").read_text(), re.M)
        for command in listed:
            text = self.run_program(command, "--help")
            for named, arguments in self.rows():
                for option in re.findall(r"--?[a-z][a-z-]*", arguments if named == command else ""):
                    self.assertRegex(text, rf"(^|\s){option}\b", command)
            if "--json" in text and command not in ("plan", "best"):  # as of show
                self.assertIn(command, told)

    def test_readme_s_sweeps_are_valid(self):
        blocks = re.findall(r"```yaml\n(.*?)```", README, re.S)
        self.write("search.jsonl", re.search(r"points:.*(\{.*\})", blocks[1]).group(1))
        for block, plan in zip(blocks, ["depth-against-heads: 40 runs", "search: 33 runs"], strict=True):
            self.assertIn(plan, self.run_program("plan", self.write("readme.yaml", block)))

    def test_readme_s_limits_of_what_is_trusted_are_those_of_the_code(self):
        table = README.split("## What is trusted")[1].split("\n## ")[0]
        rows = {line.split(" | ")[0].strip("| "): line.split(" | ")[-1] for line in table.splitlines() if "|" in line}
        told = {"sweep file": ("config/yaml.h", "YAML_BYTES", 1 << 20, "1 MiB, 32 levels, 1000 keys"),
                "`points:` file": ("../src/sweep/parts.h", "POINTS_BYTES", 1 << 26, "64 MiB"),
                "`require:`": ("../src/sweep/expression.h", "EXPRESSION_BYTES", 1000, "1000 bytes, 32 levels"),
                "messages of other ranks": ("../src/cluster/wire.h", "WIRE_MOST", 1 << 30, "1 GiB"),
                "a run's process": ("cluster/nursery.h", "NURSERY_LOG", 64 * 1024, "64 KiB"),
                "`FILE.h5.logs/`": ("../src/cli/cmd_log.c", "LOG_MOST", 1 << 20, "1 MiB")}
        for row, (file, name, value, text) in told.items():
            with self.subTest(row):
                self.assertIn(text, rows[row])
                code = (program.SOURCE / "include" / file).read_text()
                self.assertEqual(eval(re.search(rf"\b{name} = ([0-9 <*]+)", code).group(1)), value)
        code = (program.SOURCE / "include/config/yaml.h").read_text()
        self.assertIn("YAML_DEPTH = 32, YAML_MAP_KEYS = 1000", code)

    def test_the_list_of_a_plan_ends_in_its_sum(self):
        head, *runs, total = self.run_program("plan", program.SOURCE / "sweeps/first.yaml", "--list").splitlines()
        self.assertEqual(head.split()[-3:], ["memory", "bytes", "core-hours"])
        self.assertEqual(len(runs), 24)
        self.assertRegex(total, r"^24 runs +[0-9.]+ MB +[0-9.]+ [KM]B +[0-9.]+$")
        self.assertAlmostEqual(sum(float(run.split()[-1]) for run in runs), float(total.split()[-1]), delta=2e-4)

    def test_every_shipped_sweep_has_a_valid_plan(self):
        sweeps = sorted((program.SOURCE / "sweeps").glob("*.yaml"))
        self.assertTrue(sweeps)
        for path in sweeps:
            for quick in ([], ["--quick"]):
                with self.subTest(path.name, quick=quick):
                    self.assertIn(" runs\n", self.run_program("plan", path, *quick))
                    lines = self.run_program("plan", path, *quick, "--json").splitlines()
                    self.assertTrue(all(isinstance(json.loads(line), dict) for line in lines))
        self.assertEqual(self.listing(), [], "a plan writes nothing")

    def test_keys_and_plan_read_well_in_a_pipe_that_closes(self):
        run = subprocess.run(f"{program.PROGRAM} keys | head -1", shell=True, capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_a_full_disk_behind_the_output_is_no_success(self):
        with open("/dev/full", "w") as full:
            run = subprocess.run([program.PROGRAM, "keys"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual((run.returncode, run.stderr), (1, "standard output: No space left on device\n"))


program.main()
