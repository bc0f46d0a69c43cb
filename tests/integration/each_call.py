"""Without this a system call that fails somewhere could be told as something else, end in a crash, or spoil a row.

Each place of the program that makes a call on a file of the sweep, found in a start without faults, meets each error
that fits it: of a new sweep, of one that has changed, of one that goes on from checkpoints, and of one that makes them.
EACH_CALL_STEP: every so-manieth place; 1: all."""

import errno
import os
import re

import fault_lab
import program

STEP = int(os.environ.get("EACH_CALL_STEP", "211"))
WRITING = "open,mkdir,write,pwrite,fsync,fdatasync,fallocate,ftruncate,rename,renameat2,link"
NAMING = "open,mkdir,rmdir,rename,renameat2,link,unlink,unlinkat,opendir,fopen,realpath"
FAULTS = (  # what happens, to which calls
    (errno.EIO, "any"),
    (errno.ENOSPC, WRITING),
    (errno.EDQUOT, WRITING),
    (errno.EROFS, WRITING + ",unlink,unlinkat,rmdir"),
    (errno.EACCES, NAMING),
    (errno.EMFILE, "open,opendir,fopen"),
    (errno.EINTR, "any"),
    (0, "read,write,pread,pwrite"),  # fewer bytes are moved than were asked for
)
UNSEEN = (errno.EINTR, 0)
CHECKPOINT = r"tiny\.h5\.checkpoints/[0-9a-f]{16}"
UNSAVED = CHECKPOINT + r": can not write the checkpoint: REASON \(rank 0 on \S+\); a run that is stopped loses what it did since its last one"
ANEW = CHECKPOINT + r": can not read the checkpoint: REASON \(rank 0 on \S+\); the run starts anew"
NEW = r"tiny\.h5\.new-.+"  # the file before it has its name
BACK = r"tiny\.h5: what was written can not be read back: tiny\.h5\.new-\S+: "
EXPECTED = (  # call, on what, exit code, what is said; "": nothing, as it makes no difference
    (r"fopen", r"tiny\.yaml", 1, r"tiny\.yaml: can not be read: REASON"),
    (r"access|opendir|rmdir|flock", r".*", 0, ""),
    (r"unlink", r"(?!.*\.checkpoints/.*\.new).*", 0, ""),
    (r"access", r"tiny\.h5", 2, r"tiny\.h5: can not open: No such file or directory"),  # it may be there
    (r"stat|lstat|fstat", r"tiny\.h5", 0, ""),  # whether it is still there
    (r"stat|fstat|pread", r"tiny\.h5\.lock", 0, ""),
    (r"open|stat|fstat|pwrite", r"tiny\.h5\.lock", 1, r"tiny\.h5\.lock: can not (open|read|write): REASON"),
    (r"mkdir|lstat", r"tiny\.h5\.checkpoints", 0, UNSAVED),
    (r"unlink|open|pwrite|fsync", CHECKPOINT + r"\.new", 0, UNSAVED),
    (r"rename", CHECKPOINT, 0, UNSAVED),
    (r"open|fstat|pread", CHECKPOINT, 0, ANEW),
    (r"fallocate", NEW, 1, r"tiny\.h5: can not reserve 0\.[12] MB: REASON"),
    (r"open|lstat|fstat|pwrite|ftruncate", NEW, 1, r"tiny\.h5: can not (create|write|write its seal|write it to disk): REASON"),
    (r"open|stat|lstat|fstat|pread|pwrite", NEW, 1, r"tiny\.h5\.new-\S+: can not (open|open for writing|read|write): REASON"),  # of a change
    (r"open|stat|lstat|fstat|pread", NEW, 1, BACK + r"can not (open|read): REASON"),
    (r"pread", NEW, 1, r"tiny\.h5: can not (read|write its seal): REASON"),
    (r"fsync", NEW, 1, r"tiny\.h5: can not write it to disk: REASON"),
    (r"renameat2?|rename", r"tiny\.h5", 1, r"tiny\.h5: can not give the file its name: REASON"),
    (r"open|stat|lstat|fstat|pread|realpath", r"tiny\.h5", 1, r"tiny\.h5: (can not (open|open for writing|open for reading|read|read or write): )?REASON"),
    (r"pread|pwrite|fdatasync", r"tiny\.h5", 0, ""),  # once, of rows: it is made good
)
USERS = (errno.EACCES,)  # of a file that is only read, they are a mistake: exit code 2
HARMLESS = (  # which faults of which calls are let go, where others are not
    ("fstat", NEW, (errno.EIO,)),  # HDF5 asks twice
    ("fallocate", NEW, (errno.EIO, errno.EROFS)),  # not every file system can
    ("open", NEW, (errno.EIO, errno.EACCES, errno.EMFILE, errno.EROFS, errno.ENOSPC, errno.EDQUOT)),  # only to reserve, or HDF5's second try
)


class EachCall(fault_lab.Lab):
    def attempt(self, fault):
        """A place and what `alone` has to say of it."""
        place = self.place()
        self.prepare(place)
        return place, self.alone(place, *self.words, fault=fault, haste=True)

    def judge(self, value, line, code, err):
        """The outcome must be that of a row of EXPECTED."""
        call, path = line.split(" ", 1)[0], re.search(r"tiny\.(yaml|h5).*", line)[0]
        said = fault_lab.PROGRESS.sub("", err)
        if value in UNSEEN:
            self.assertEqual((code, said), (0, ""))
            return
        if code == 0 and any(call == of and re.fullmatch(file, path) and value in values for of, file, values in HARMLESS):
            self.assertEqual(said, "")
            return
        reason = f"({re.escape(os.strerror(value))}|{re.escape(fault_lab.MISSING)})"
        rows = [row for row in EXPECTED if re.fullmatch(row[0], call) and re.fullmatch(row[1], path)]
        self.assertTrue(rows, f"no row of the table; code {code}, said {said!r}")
        fitting = [row for row in rows if re.fullmatch(row[3].replace("REASON", reason) + ("\n" if row[3] else ""), said)]
        self.assertTrue(fitting, f"code {code}, said {said!r}")
        codes = {row[2] for row in fitting} | ({2} if value in USERS and 1 in {row[2] for row in fitting} else set())
        self.assertIn(code, codes)

    def left(self, line):
        """Names that may be left behind such a fault."""
        names = {"tiny.yaml", "tiny.h5", "tiny.h5.lock", "tmp", "counter"}
        return names | ({"tiny.h5.checkpoints"} if line.startswith(("unlink ", "rmdir ")) else set())

    def hear(self, value):
        """Place, and all calls of a start without faults as (call, place in the program, file)."""
        place, (code, _, err, lines) = self.attempt(f"any {value} 0 0 *tiny*")
        self.assertEqual((code, fault_lab.PROGRESS.sub("", err)), (0, ""))
        return place, [(call, of, re.sub(r"\.new-.*|.*/", "", path)) for call, of, path in (line.split(" ", 2) for line in lines)]

    def places(self, value, calls):
        """(count of such calls, numbers of the first ones of each place)"""
        heard = self.hear(value)[1] if value == errno.EINTR else self.heard  # not every call can be interrupted
        lines = [line for line in heard if calls == "any" or line[0] in calls.split(",")]
        first = {}
        for number, line in enumerate(lines, 1):
            first.setdefault(line, number)
        return len(lines), list(first.values())

    def try_one(self, value, calls, number):
        place, (code, _, err, lines) = self.attempt(f"{calls} {value} {number} 1 *tiny*")
        if not lines:
            return  # this start had less to do
        with self.subTest(f"{self.words[0]}: {os.strerror(value) if value else 'less'}: {number}: {lines[0].replace(str(place), '')}"):
            self.judge(value, lines[0], code, err.replace(f"{place}/", ""))
            self.assertDoneRowsAreRight(place)
            if code != 0:
                self.code(place, *self.words)
            left = {path.name for path in place.iterdir()}
            self.assertLessEqual(left, self.left(lines[0]) | (
                {path for path in left if ".new-" in path} if lines[0].startswith("unlink ") else set()))
            self.assertWhole(place)

    def each_in_turn(self, prepare, *words):
        self.prepare, self.words = prepare, words
        calm, self.heard = self.hear(0)
        self.calm = program.contents(calm / "tiny.h5")
        tried = 0
        for of, (value, calls) in enumerate(FAULTS):
            count, numbers = self.places(value, calls)
            chosen = numbers[(5 * of) % STEP::STEP]  # not the same places for each error
            for number in chosen:
                self.try_one(value, calls, number)
            tried += len(chosen)
            print(f"{errno.errorcode.get(value, 'less')}: {count} calls of {len(numbers)} places, {len(chosen)} tried", flush=True)
        self.assertGreater(tried, 0)
        print(f"{tried} faults in {self.starts} starts", flush=True)

    def test_of_a_new_sweep(self):
        self.each_in_turn(lambda place: None, "run", "tiny.yaml")

    def test_of_a_sweep_that_has_changed(self):
        self.each_in_turn(self.changed, "run", "tiny.yaml")

    def test_of_a_sweep_that_goes_on_from_checkpoints(self):
        self.each_in_turn(self.saved, "resume", "tiny.h5")


program.main()
