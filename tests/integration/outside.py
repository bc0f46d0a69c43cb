"""Without this a full file system, a limit of the shell or a file that goes away could spoil results, or not be told."""

import subprocess

import fault_lab
import program

LOST = "tiny.h5: {} while runs were written to it; this job stops"
ACTIONS = (  # what happens to the file while it is written, what is said
    ("rm tiny.h5", LOST.format("was removed or renamed")),
    ("mv tiny.h5 other.h5", LOST.format("was removed or renamed")),
    ("cp tiny.h5 copy.h5 && mv copy.h5 tiny.h5", LOST.format("another file took its place")),
    ("truncate -s 1000 tiny.h5", LOST.format("was cut off") + ": 1000 of"),
)
ROOM = "there is room for 0.0 MB; free some space"
LIMITS = (  # of the shell, the words, what is said
    ("-f 20", ("run", "tiny.yaml", "-o", "new.h5", "--yes"), ROOM),
    ("-f 1", ("export", "tiny.h5", "--json", "-o", "tiny.json"), "tiny.json: can not be written: File too large"),
    ("-n 4", ("status", "tiny.h5"), "tiny.h5: can not open: Too many open files"),
)


class Outside(fault_lab.Lab):
    def test_a_file_that_goes_away_ends_the_job(self):
        for action, line in ACTIONS:
            with self.subTest(action):
                place = self.place()
                job = self.start("run", "tiny.yaml", "train.steps=100000000", "-o", place / "tiny.h5", "--ranks", 1)
                self.wait_for(place / "tiny.h5", 1, "running")
                subprocess.run(action, shell=True, cwd=place, check=True)
                code, _, err = job.wait()
                said = fault_lab.PROGRESS.sub("", err).replace(f"{place}/", "")
                self.assertEqual((code, said[:len(line)], said.count("\n")), (1, line, 1), err)

    def test_a_limit_of_the_shell_is_told(self):
        for limit, words, line in LIMITS:
            with self.subTest(limit):
                place = self.place()
                (place / "tiny.h5").write_bytes((self.folder / "tiny.h5").read_bytes())
                code, _, err, _ = self.alone(place, *words, rank=False,
                                             under=("bash", "-c", f'ulimit {limit}; exec "$@"', "bash"))
                self.assertEqual((code, err.count("\n")), (1, 1), err)
                self.assertIn(line, err)
                self.assertEqual({path.name for path in place.iterdir()}, {"tiny.yaml", "tiny.h5", "tmp"})
                self.assertWhole(place)

    def test_a_file_system_that_is_full_at_creation_takes_the_sweep_when_it_has_grown(self):
        place = self.place()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(place)], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("mount needs root: " + mounted.stderr.decode().strip())
        self.addCleanup(subprocess.run, ["umount", "-l", str(place)])
        (place / "tiny.yaml").write_text(fault_lab.SMALL)
        code, _, err, _ = self.alone(place, "run", "tiny.yaml", "--yes")
        self.assertEqual(code, 1, err)
        self.assertIn(ROOM, err)
        subprocess.run(["mount", "-o", "remount,size=8m", str(place)], check=True)
        self.code(place, "run", "tiny.yaml")
        self.assertWhole(place)


program.main()
