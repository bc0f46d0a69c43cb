"""Without this an installed program could miss its files, and the manual or the completion be wrong."""

import os
import pathlib
import shutil
import subprocess
import sys

import program

BUILD = os.environ["MESASWEEP_BUILD"]


def place(name, *path):
    return pathlib.Path(os.environ[name], *path)


class Install(program.Case):
    def install(self, prefix, root=""):
        run = subprocess.run([os.environ["CMAKE"], "--install", BUILD, "--prefix", prefix], capture_output=True,
                             text=True, env={**os.environ, "DESTDIR": str(root)})
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return pathlib.Path(f"{root}{prefix}")

    def expected(self):
        share, source = place("DATADIR", "mesasweep"), program.SOURCE
        files = [place("BINDIR", "mesasweep"), place("BINDIR", "mesasweep-report"),
                 place("MANDIR", "man1/mesasweep.1"), place("DATADIR", "bash-completion/completions/mesasweep"),
                 *(place("DOCDIR", name) for name in ("README.md", "LICENSE", "json.md")),
                 share / "tools/report", share / "tools/mesasweep.py"]
        for pattern in ("sweeps/*", "slurm/*", "tools/reporting/*.py"):
            files += [share / path.relative_to(source) for path in source.glob(pattern)]
        return sorted(map(str, files))

    def found(self, prefix):
        return sorted(str(path.relative_to(prefix)) for path in prefix.rglob("*") if not path.is_dir())

    def test_everything_has_its_place_and_works_from_any_folder(self):
        prefix = self.install(self.folder / "a prefix")
        share = prefix / place("DATADIR", "mesasweep")
        self.assertEqual(self.found(prefix), self.expected())
        installed = str(prefix / place("BINDIR", "mesasweep"))
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()

        def run(*command):
            done = subprocess.run(list(map(str, command)), cwd=elsewhere, capture_output=True, text=True,
                                  env=program.environment())
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout

        run(installed, "new", "mine.yaml")
        run(installed, "run", "mine.yaml", "--quick", "--ranks", 2, "-o", "mine.h5")
        self.assertIn("24 runs\n", run(installed, "plan", share / "sweeps/first.yaml"))
        self.assertIn(f"'{installed}' run", run(installed, "sbatch", "mine.yaml"))
        self.assertIn("mine: 6 of 6 runs", run(sys.executable, prefix / place("BINDIR", "mesasweep-report"), "--markdown", "mine.h5"))
        run(sys.executable, "-B", "-c", f"import sys; sys.path.append({str(share / 'tools')!r}); import mesasweep; "
            "assert len(mesasweep.runs('mine.h5')) == 6")
        packed = self.install("/usr", self.folder / "root")
        self.assertEqual(self.found(packed), self.expected())
        self.assertTrue((packed / place("BINDIR", "mesasweep-report")).resolve().samefile(
            packed / place("DATADIR", "mesasweep/tools/report")))

    def test_the_manual_is_whole_and_without_warnings(self):
        page = pathlib.Path(BUILD, "mesasweep.1")
        text = page.read_text().replace("\\-", "-")
        for part in ("fBmesasweep diff\\fR FILE.h5[:RUN]", "fB--group-by=COLUMN,...", "fBmodel.depth", "NO_COLOR",
                     "fBalignment", "75 stopped early", "fB--watch[=SECONDS]"):
            self.assertIn(part, text)
        self.assertNotIn("describe", text)
        if not shutil.which("groff"):
            self.skipTest("there is no groff")
        run = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", "-rCHECKSTYLE=3", page], capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, "", ""))


class Completion(program.Case):
    def complete(self, line):
        script = ('compopt() { :; }; source "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _mesasweep; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        path = f"{os.path.dirname(program.PROGRAM)}:{os.environ['PATH']}"
        run = subprocess.run(["bash", "-c", script, "bash", f"{BUILD}/mesasweep.bash", line], cwd=self.folder,
                             capture_output=True, text=True, env={**os.environ, "PATH": path})
        self.assertEqual((run.returncode, run.stderr), (0, ""), line)
        return run.stdout.split("\n")[:-1]

    def test_each_word_is_completed_by_its_kind(self):
        for name in ("my sweep.yaml", "my.yaml", "my.h5", "other.txt"):
            self.write(name, "")
        (self.folder / "folder").mkdir()
        for line, replies in {
                "mesasweep ta": ["table"],
                "mesasweep re": ["resume", "retry"],
                "mesasweep run --wal": ["--walltime="],
                "mesasweep run --q": ["--quick"],
                "mesasweep run my": ["my.yaml", "my sweep.yaml"],
                "mesasweep resume ": ["folder", "my.h5"],
                "mesasweep run my.yaml --output=m": ["my.h5"],
                "mesasweep run my.yaml -o m": ["my.h5"],
                "mesasweep run my.yaml model.dep": ["model.depth="],
                "mesasweep run my.yaml train.optimiser=a": ["adam"],
                "mesasweep run my.yaml model.y_update=": ["true", "false"],
                "mesasweep plan my.yaml see": ["seed="],
                "mesasweep table my.h5 --where model.dep": ["model.depth="],
                "mesasweep table my.h5 --where=stat": ["status="],
                "mesasweep table my.h5 --sort=gd_rati": ["gd_ratio", "gd_ratio_ci95", "gd_ratio_trimmed"],
                "mesasweep table my.h5 --group-by=seed,model.dep": ["seed,model.depth"],
                "mesasweep table my.h5 --agg=mean,m": ["mean,mean", "mean,median", "mean,min", "mean,max"],
                "mesasweep analyse my.h5 align": ["alignment"],
                "mesasweep analyse my.h5 gd gdp": ["gdpp"],
                "mesasweep sbatch my.yaml -o o": ["other.txt"],
                "mesasweep status my.h5 --wat": ["--watch"],
                "mesasweep diff my.h5 m": ["my.h5"],
                "mesasweep merge out.h5 my.h5 m": ["my.h5"],
                "mesasweep nonsense ": [],
        }.items():
            with self.subTest(line):
                self.assertEqual(sorted(self.complete(line)), sorted(replies or [""]))

    def test_every_command_and_option_is_known(self):
        listed = self.run_program("--help").split("\n\n")[2]
        commands = [line.split()[0] for line in listed.splitlines()]
        self.assertEqual(sorted(self.complete("mesasweep ")), sorted([*commands, "help", "--help", "--version"]))
        for command in commands:
            text = self.run_program(command, "--help")
            for option in self.complete(f"mesasweep {command} --"):
                self.assertIn(option.rstrip("="), text, command)


program.main()
