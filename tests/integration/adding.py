"""Without this src/adding.md could describe how tasks and analyses were added once: here it is followed to the letter."""

import re
import shutil
import subprocess
import sys

import program

PAGE = (program.SOURCE / "src/adding.md").read_text()


class Adding(program.Case):
    def block(self, kind, before=""):
        """The first block of that language behind the text."""
        return re.search(rf"{before}.*?```{kind}\n(.*?)```", PAGE, re.S).group(1)

    def follow(self):
        """A copy of the sources, changed as the page says."""
        for name in ("CMakeLists.txt", "README.md", "include", "src", "tests"):
            path = program.SOURCE / name
            (shutil.copytree if path.is_dir() else shutil.copy)(path, self.folder / name)
        for name in re.findall(r"New file `([^`]*)`", PAGE):
            self.write(name, self.block("c", re.escape(f"New file `{name}`")))
        rows = 0
        for side, table in re.findall(r"\| in \| (behind|before) \| add \|\n\|---\|---\|---\|\n((?:\|.*\|\n)+)", PAGE):
            for name, anchor, text in re.findall(r"^\| `(.*?)` \| `(.*?)` \| `(.*?)` \|$", table, re.M):
                old = (self.folder / name).read_text()
                self.assertIn(anchor, old, name)
                self.write(name, old.replace(anchor, f"{anchor} {text}" if side == "behind" else f"{text} {anchor}", 1))
                rows += 1
        self.assertEqual(rows, 6)
        self.write("mine.yaml", self.block("yaml"))

    def test_the_page_is_followed_to_the_letter(self):
        code, _, err = self.start("plan", self.write("mine.yaml", self.block("yaml"))).wait()
        self.assertEqual(code, 2)
        self.assertIn("absolute_regression", err)
        self.follow()
        compiler = {"CMAKE_C_COMPILER_LAUNCHER": "ccache", "CCACHE_BASEDIR": str(self.folder), "CCACHE_NOHASHDIR": "1",
                    "CCACHE_SLOPPINESS": "include_file_ctime,include_file_mtime"} if shutil.which("ccache") else {}
        done = subprocess.run(["sh", "-e", "-c", self.block("sh")], cwd=self.folder, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=program.environment(**compiler))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("100% tests passed", done.stdout)
        self.assertNotIn("No tests were found", done.stdout)
        read = subprocess.run([sys.executable, "-c", self.block("python")], cwd=self.folder, text=True,
                              capture_output=True)
        self.assertEqual(read.returncode, 0, read.stderr)
        rows = [line.split() for line in read.stdout.splitlines()]
        self.assertEqual([row[:2] for row in rows], [[kind, mlp] for kind in ("linear_regression", "absolute_regression")
                                                     for mlp in ("0", "0", "16", "16")])
        # |W x| is positive, and a linear layer without a bias answers 0 on average
        self.assertTrue(all(abs(float(row[3])) < 0.1 for row in rows if row[0] == "linear_regression"), read.stdout)
        self.assertTrue(all(float(row[3]) < -0.1 for row in rows if row[0] != "linear_regression" and row[1] == "0"),
                        read.stdout)


program.main()
