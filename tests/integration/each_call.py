"""Without this a system call that fails somewhere could be told as something else, end in a crash, or spoil a row.

All calls on files of a tiny sweep are counted in one start without faults; then one after the other fails, with each
error that fits it. EACH_CALL_STEP: every so-manieth of them; 1: all."""

import errno
import os
import re

import fault_lab
import program

STEP = int(os.environ.get("EACH_CALL_STEP", "61"))
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
    (0, "any"),  # fewer bytes are moved than were asked for
)
UNSEEN = (errno.EINTR, 0)
NEW = r"tiny\.h5\.new-.+"  # the file before it has its name
BACK = r"tiny\.h5: what was written can not be read back: tiny\.h5\.new-\S+: "
EXPECTED = (  # call, on what, exit code, what is said; "": nothing, as it makes no difference
    (r"fopen", r"tiny\.yaml", 1, r"tiny\.yaml: can not be read: REASON"),
    (r"access|unlink|opendir|rmdir|flock", r".*", 0, ""),
    (r"stat|lstat|fstat", r"tiny\.h5", 0, ""),  # whether it is still there
    (r"stat|fstat|pread", r"tiny\.h5\.lock", 0, ""),
    (r"open|stat|fstat|pwrite", r"tiny\.h5\.lock", 1, r"tiny\.h5\.lock: can not (open|read|write): REASON"),
    (r"open", r".*\.checkpoints/.*", 0, ""),
    (r"fallocate", NEW, 1, r"tiny\.h5: can not reserve 0\.1 MB: REASON"),
    (r"open|lstat|fstat|pwrite|ftruncate", NEW, 1, r"tiny\.h5: can not (create|write|write its seal|write it to disk): REASON"),
    (r"open|lstat|fstat|pread", NEW, 1, BACK + r"can not (open|read): REASON"),
    (r"pread", NEW, 1, r"tiny\.h5: can not (read|write its seal): REASON"),
    (r"fsync", NEW, 1, r"tiny\.h5: can not write it to disk: REASON"),
    (r"renameat2", r"tiny\.h5", 1, r"tiny\.h5: can not give the file its name: REASON"),
    (r"open|lstat|fstat|pread|realpath", r"tiny\.h5", 1, r"tiny\.h5: (can not (open|open for writing|read|read or write): )?REASON"),
    (r"pwrite|fdatasync", r"tiny\.h5", 0, ""),  # once: it is made good
)
USERS = (errno.EACCES,)  # of a file that is only read, they are a mistake: exit code 2
HARMLESS = (  # which faults of which calls are let go, where others are not
    ("fallocate", NEW, (errno.EIO, errno.EROFS)),  # not every file system can
    ("open", NEW, (errno.EIO, errno.EACCES, errno.EMFILE, errno.EROFS, errno.ENOSPC, errno.EDQUOT)),  # only to reserve, or HDF5's second try
)


class EachCall(fault_lab.Lab):
    def count(self, calls):
        """Lines "CALL PATH" of a start without faults."""
        code, _, err, lines = self.alone(self.place(), "run", "tiny.yaml", fault=f"{calls} 0 0 0 *tiny*")
        self.assertEqual((code, fault_lab.PROGRESS.sub("", err)), (0, ""))
        return lines

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
        self.assertTrue(rows, "no row of the table")
        fitting = [row for row in rows if re.fullmatch(row[3].replace("REASON", reason) + ("\n" if row[3] else ""), said)]
        self.assertTrue(fitting, f"said {said!r}")
        codes = {row[2] for row in fitting} | ({2} if value in USERS and 1 in {row[2] for row in fitting} else set())
        self.assertIn(code, codes)

    def try_one(self, value, calls, number):
        """False when there are fewer calls."""
        place = self.place()
        code, _, err, lines = self.alone(place, "run", "tiny.yaml", fault=f"{calls} {value} {number} 1 *tiny*")
        if not lines:
            return False
        with self.subTest(f"{os.strerror(value) if value else 'less'}: {number}: {lines[0].replace(str(place), '')}"):
            self.judge(value, lines[0], code, err)
            left = {path.name for path in place.iterdir()}
            self.assertLessEqual(left, {"tiny.yaml", "tiny.h5", "tiny.h5.lock", "tmp", "counter"} | (
                {path for path in left if ".new-" in path} if lines[0].startswith("unlink ") else set()))
            self.assertDoneRowsAreRight(place)
            if code != 0:
                self.code(place, "run", "tiny.yaml")
            self.assertWhole(place)
        return True

    def test_each_call_in_turn(self):
        tried = 0
        for of, (value, calls) in enumerate(FAULTS):
            number = 1 + (5 * of) % STEP  # not the same calls for each error
            while self.try_one(value, calls, number):
                number += STEP
                tried += 1
        self.assertGreater(tried, 10)
        print(f"{tried} faults in {self.starts} starts; {len(self.count('any'))} calls on files in one", flush=True)


program.main()
