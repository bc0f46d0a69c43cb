"""planted.py ROOT LAYER,LAYER,... COMPILER [FLAG...]: the style checks see what they are for.

Without this a check could pass because it looks at nothing. Each case plants one fault in a small tree in which the
check finds nothing wrong, and wants it named.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
ROOT, LAYERS, COMPILER = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
SKIPPED = 77

LONG_FUNCTION = "void %s(int *x);\nvoid %s(int *x)\n{\n" + "    x[0]++;\n" * 41 + "}\n"
KERNEL = "void %s(int *x);\nvoid %s(int *x)\n{\n" + "    x[0]++;\n" * 61 + "}\n"
COMMENTED = "void calm(int *x);\nvoid calm(int *x)\n{\n" + "    /* a reason\n     * in two lines */\n\n" * 30 + "    x[0]++;\n}\n"

SOUND = ["include/base/error.h", "include/math/real.h", "include/model/model.h", "include/cluster/cluster.h",
         "src/base/private.h", "src/cli/command.c"]

# check, planted file, its text, what the check must say; None: nothing
CASES = [
    ("layers", "src/math/planted.c", '#include "model/model.h"\n', "src/math/planted.c:1: math must not know model"),
    ("layers", "include/base/planted.h", '\n#include "cluster/cluster.h"\n',
     "include/base/planted.h:2: base must not know cluster"),
    ("layers", "src/math/planted.c", '#include "../model/model.h"\n',
     "src/math/planted.c:1: ../model/model.h is neither below include/ nor beside the file"),
    ("layers", "src/cli/planted.c", '#include "../base/private.h"\n',
     "src/cli/planted.c:1: ../base/private.h is a private header of another layer"),
    ("layers", "src/extra/planted.c", "\n", "src/extra/planted.c: extra is no layer"),
    ("layers", "src/model/planted.c", '/* #include "cluster/cluster.h" */\n#include "math/real.h"\n', None),
    ("libraries", "src/run/planted.c", "#include <mpi.h>\n", "src/run/planted.c:1: <mpi.h> belongs to cluster alone"),
    ("libraries", "src/sweep/planted.c", "#include <yaml.h>\n",
     "src/sweep/planted.c:1: <yaml.h> belongs to config alone"),
    ("libraries", "include/cli/planted.h", "#include <hdf5_hl.h>\n",
     "include/cli/planted.h:1: <hdf5_hl.h> belongs to store alone"),
    ("libraries", "src/train/planted.c", "#include <cblas.h>\n",
     "src/train/planted.c:1: <cblas.h> belongs to math alone"),
    ("libraries", "src/planted.c", "#include <argp.h>\n", "src/planted.c:1: <argp.h> belongs to cli alone"),
    ("libraries", "src/cli/planted.c", "#include <argp.h>\n", None),
    ("headers", "include/task/planted.h", "size_t planted(void);\n", "include/task/planted.h: does not compile alone"),
    ("headers", "include/task/planted.h", "#include <stddef.h>\nsize_t planted(void);\n", None),
    ("format", "src/model/planted.c", "int planted( void );\n", "src/model/planted.c:1: not formatted"),
    ("sizes", "src/model/planted.c", LONG_FUNCTION % ("planted", "planted"),
     "src/model/planted.c:3: planted: 41 lines, limit 40"),
    ("sizes", "src/math/isa/planted.c", KERNEL % ("planted", "planted"),
     "src/math/isa/planted.c:3: planted: 61 lines, limit 60"),
    ("sizes", "src/math/isa/planted.c", LONG_FUNCTION % ("planted", "planted"), None),
    ("sizes", "src/model/planted.c", COMMENTED, None),
    ("sizes", "src/model/planted.c", "extern int x;\n" * 401, "src/model/planted.c: 401 lines, limit 400"),
    ("sizes", "include/model/planted.h", "extern int x;\n" * 151, "include/model/planted.h: 151 lines, limit 150"),
    ("top", "planted.txt", "\n", "planted.txt: does not belong at the top of the tree"),
    ("top", ".planted", "\n", None),
]


class Planted(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.top = pathlib.Path(self.folder.name)
        for name in SOUND:
            (self.top / name).parent.mkdir(parents=True, exist_ok=True)
            (self.top / name).write_text("extern int sound;\n")
        shutil.copy(ROOT / ".clang-format", self.top)

    def tearDown(self):
        self.folder.cleanup()

    def check(self, name):
        more = {"layers": [LAYERS], "headers": COMPILER}.get(name, [])
        run = subprocess.run([sys.executable, HERE / f"{name}.py", self.top, *more], capture_output=True, text=True)
        if run.returncode == SKIPPED:
            self.skipTest(run.stdout.strip())
        self.assertEqual(run.stderr, "")
        return run.returncode, run.stdout

    def test_each_planted_fault_is_named(self):
        for name in sorted({case[0] for case in CASES}):
            with self.subTest(check=name):
                self.assertEqual(self.check(name), (0, ""))
        for name, file, text, wanted in CASES:
            with self.subTest(check=name, file=file, wanted=wanted):
                path = self.top / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
                code, output = self.check(name)
                path.unlink()
                if wanted:
                    self.assertEqual(code, 1)
                    self.assertIn(wanted, output)
                else:
                    self.assertEqual((code, output), (0, ""))

    def test_every_check_has_a_case(self):
        checks = {path.stem for path in HERE.glob("*.py")} - {"source", "planted"}
        self.assertEqual({case[0] for case in CASES}, checks)


unittest.main(argv=sys.argv[:1], verbosity=1)
