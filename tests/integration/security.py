"""Without this a file, a name or a variable that somebody else chose could act on a user's terminal, shell or files."""

import json
import os
import pathlib
import shutil
import subprocess
import unicodedata

import h5py

import program

ESCAPES = "\x1b[2J\x1b]0;owned\x07\r\n\x7f\x9b31m\u202e\u2066\u2028"
SHELL = "$(touch pwned) `touch pwned`;touch pwned|'\"\\&*~ -rf"
TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # of the direction of text
NAMES = ["a\x1b[31m.h5", "a\nb.h5", "a\rb.h5", "a\x9bb.h5", "a\u202eb.h5", "a\x7fb.h5", b"a\xff\xfeb.h5", b"a\xc0\x8ab.h5"]


def is_quiet(text):
    """Whether the bytes are UTF-8 that no terminal obeys."""
    return all(c in "\n\t" or unicodedata.category(c) not in ("Cc", "Zl", "Zp") and unicodedata.bidirectional(c) not in TURNS
               for c in text.decode())


class Security(program.Case):
    def say(self, *arguments, **more):
        """(exit code, stdout, stderr) as bytes that are fit for a terminal."""
        run = subprocess.run([program.PROGRAM, *arguments], cwd=self.folder, capture_output=True, timeout=60,
                             env=program.environment(**more))
        self.assertTrue(is_quiet(run.stdout), run.stdout)
        self.assertTrue(is_quiet(run.stderr), run.stderr)
        return run.returncode, run.stdout, run.stderr

    def refuses(self, *arguments):
        code, out, err = self.say(*arguments)
        self.assertEqual((code, out, err.count(b"\n")), (2, b"", 1), err)
        return err

    def evil_file(self):
        """A result file in which every text is an attempt."""
        path = str(self.folder / "evil.h5")
        writer = subprocess.run([os.environ["STORE_WRITER"], path, "8", "5", "0"], input="", capture_output=True, text=True)
        self.assertEqual(writer.returncode, 0, writer.stderr)
        with h5py.File(path, "r+") as file:
            def visit(name, item):
                for key, value in item.attrs.items():
                    if isinstance(value, str) and key in ("name", "about", "long_name", "units", "program", "host"):
                        item.attrs[key] = f"=cmd|{ESCAPES}{SHELL}"
            file.visititems(visit)
            visit("", file)
            for name in file["results"].attrs["coordinates"].split():
                if file["results"][name].dtype.kind == "O":
                    file["results"][name][:] = f"=cmd|{ESCAPES}{SHELL}"
            for name in "host", "error":
                letters = file["log"][name]
                text = f"@cmd{ESCAPES}".encode().ljust(letters.shape[1], b"\xff")[:letters.shape[1]]
                letters[...] = [[bytes([c]) for c in text]] * letters.shape[0]
            run = file["results/run"].asstr()[0]
        (self.folder / "evil.h5.logs").mkdir()
        (self.folder / "evil.h5.logs" / run).write_bytes(b"attempt 1\n\x1b[2J\xff\0\x1b]0;owned\x07\n")
        return run

    def test_names_that_act_on_a_terminal_are_refused(self):
        for name in NAMES:
            for words in (["status", name], ["plan", name], ["run", "first.yaml", "-o", name], [name]):
                with self.subTest(words):
                    self.assertIn(b"' has a ", self.refuses(*words))
        self.assertLess(len(self.refuses("status", "a" * 100000 + ".h5")), 2000)
        self.assertEqual(self.listing(), [])

    def test_a_sweep_holds_no_control_character_and_no_name_of_another_folder(self):
        for text in ('about: "\\e[2J"', "about: \x1b[2J", "about: \u202etxt", 'name: "$(touch pwned)"', "name: ../other",
                     'set: {start.file: "a\\x9b"}'):
            with self.subTest(text):
                self.refuses("plan", self.write("evil.yaml", text + "\n"))

    def test_no_text_of_a_result_file_acts_on_a_terminal_or_a_spreadsheet(self):
        run = self.evil_file()
        for words in (["status"], ["table"], ["table", "--csv"], ["show", run], ["best"], ["log", run],
                      ["export", "--csv"]):
            code, out, err = self.say(words[0], "evil.h5", *words[1:])
            with self.subTest(words, err=err):
                self.assertEqual((code, err), (0, b""))
                self.assertFalse("--csv" in words and b",=" in out or b",@" in out)
        for words in (["status"], ["table"], ["show", run], ["log", run], ["export"]):
            with self.subTest(words, form="--json"):
                code, out, err = self.say(words[0], "evil.h5", *words[1:], "--json")
                self.assertEqual((code, err), (0, b""))
                json.loads(out)

    def test_a_file_whose_runs_have_no_status_is_damaged(self):
        self.evil_file()
        shutil.copy(self.folder / "evil.h5", self.folder / "short.h5")
        with h5py.File(self.folder / "evil.h5", "r+") as file:
            del file["results/status"]
        with h5py.File(self.folder / "short.h5", "r+") as file:
            kind, values = file["results/status"].dtype, file["results/status"][:3]
            del file["results/status"]
            file["results"].create_dataset("status", data=values, dtype=kind)
        for name in "evil.h5", "short.h5":
            for words in (["status", name], ["table", name], ["diff", name, name], ["diff", f"{name}:9e", f"{name}:9e"]):
                with self.subTest(words):
                    self.assertIn(b"damaged", self.refuses(*words))

    def test_a_batch_script_hands_any_name_on_as_it_is(self):
        folder = self.folder / f"in {SHELL.replace('/', '')}"
        folder.mkdir()
        name = f"{SHELL}.yaml"
        (folder / name).write_text((program.SOURCE / "sweeps/first.yaml").read_text())
        stub = self.folder / "stub"
        stub.write_text('#!/bin/sh\nfor a; do printf "%s\\0" "$a"; done >"$STUB"\npwd >>"$STUB"\n')
        stub.chmod(0o755)
        run = subprocess.run([program.PROGRAM, "sbatch", "--file", f"-{SHELL}.h5", "--", name, "train.rate=0.01"],
                             cwd=folder, capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn(f"'{program.PROGRAM}'", run.stdout)
        script = self.write("script", run.stdout.replace(f"'{program.PROGRAM}'", f"'{stub}'"))
        said = subprocess.run(["bash", script], cwd=self.folder, capture_output=True, text=True,
                              env={**os.environ, "STUB": str(self.folder / "words")})
        self.assertEqual((said.returncode, said.stderr), (0, ""))
        *words, place = (self.folder / "words").read_text().split("\0")
        self.assertEqual(words, ["run", f"--output=-{SHELL}.h5", "--", name, "train.rate=0.01"])
        self.assertEqual(place, f"{folder}\n")
        self.assertFalse([path for path in self.folder.rglob("pwned")])

    def test_variables_of_a_job_reach_no_shell(self):
        evil = {"SLURM_JOB_ID": "1;touch pwned", "SLURM_RESTART_COUNT": "$(touch pwned)", "SLURM_NTASKS": "`touch pwned`",
                "PATH": f"{self.folder}:{os.environ['PATH']}"}
        self.say("plan", str(program.SOURCE / "sweeps/first.yaml"), **evil)
        self.assertNotIn("pwned", self.listing())

    def test_files_are_made_anew_and_links_are_not_followed(self):
        self.evil_file()
        victim = pathlib.Path(self.write("victim", "precious"))
        for name in "out.csv", "out.json", "out.npz":
            (self.folder / name).symlink_to(victim)
            self.assertEqual(self.say("export", "evil.h5", f"--{name[4:]}", "-o", name)[0], 0)
            self.assertFalse((self.folder / name).is_symlink())
        (self.folder / "new.yaml").symlink_to(victim)
        (self.folder / "script").symlink_to(self.folder / "nowhere")
        self.assertIn(b"is there already", self.refuses("new", "new.yaml"))
        self.assertIn(b"is there already", self.refuses("sbatch", str(program.SOURCE / "sweeps/first.yaml"), "-o", "script"))
        self.assertEqual((self.folder / "victim").read_text(), "precious")
        self.assertFalse((self.folder / "nowhere").exists())

    def test_the_umask_decides_who_reads_what_is_written(self):
        self.evil_file()
        for mask in 0o22, 0o77:
            subprocess.run([program.PROGRAM, "export", "evil.h5", "--csv", "-o", "out.csv"], cwd=self.folder, check=True,
                           umask=mask)
            self.assertEqual((self.folder / "out.csv").stat().st_mode & 0o777, 0o666 & ~mask)
        shutil.rmtree(self.folder / "evil.h5.logs")


program.main()
