"""Without this what no sanitizer sees, a number computed from memory that nobody wrote, could reach a file or a decision."""

import pathlib
import re
import shutil
import subprocess
import unittest

import program

SWEEP = """\
name: small
analyses: [gd]
set:
  train: {steps: 4, batch: 16, evaluations: 3}
  evaluation.tasks: 32
grid:
  tokens.kind: [joint, separate]
when:
  - {if: {tokens.kind: separate}, set: {model.depth: 2, model.layers: "softmax linear", model.heads: 2}}
"""
SUPPRESSIONS = pathlib.Path("/usr/share/openmpi/openmpi-valgrind.supp")
# Libraries on whose doings we are asked, as they do what we say with what we give them.
OURS_BELOW = r"vgpreload|libc\.so|libm\.so|libhdf5|libopenblas|libyaml"


def is_ours(finding):
    """Whether the innermost frame that is none of those libraries is in the program."""
    for frame in re.findall(r"(?:at|by) 0x[0-9A-F]+: (.*)", finding):
        found = re.search(r"\(in (.*)\)$", frame)
        if frame.startswith("???"):
            return False  # of a plugin of Open MPI that is no more
        if found and not re.search(OURS_BELOW, found[1]):
            return pathlib.Path(found[1]).name == "mesasweep"
    return False


@unittest.skipUnless(shutil.which("valgrind") and SUPPRESSIONS.exists(), "no valgrind, or no Open MPI that it knows")
class Memcheck(program.Case):
    def test_ranks_nurseries_and_engines_use_no_memory_that_is_not_theirs(self):
        self.write("small.yaml", SWEEP)
        bare = self.folder / "bin" / "mesasweep"  # not every valgrind can read what clang tells debuggers
        bare.parent.mkdir()
        subprocess.run(["strip", "-g", "-o", bare, program.PROGRAM], check=True)
        valgrind = ("valgrind", "-q", "--leak-check=no", "--num-callers=30", f"--suppressions={SUPPRESSIONS}",
                    f"--log-file={self.folder}/found.%p")  # what is lost, tools/check --sanitize knows
        was, program.PROGRAM = program.PROGRAM, str(bare)
        try:  # it knows no AVX-512
            self.run_program("run", "small.yaml", "--ranks", 2,
                             under=("env", "MESASWEEP_ISA=generic", "mpirun", "-q", "--bind-to", "none", "-n", "2", *valgrind))
        finally:
            program.PROGRAM = was
        logs = [path.read_text() for path in self.folder.glob("found.*")]
        self.assertGreaterEqual(len(logs), 6)  # ranks, nurseries, engines
        findings = [finding for log in logs for finding in re.split(r"\n==\d+== \n", log) if is_ours(finding)]
        self.assertEqual(findings, [])


program.main()
