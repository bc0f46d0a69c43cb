"""Without this nobody would start cluster_faults under mpirun, in a folder of its own, and read what it tells people."""

import os
import re
import subprocess
import sys
import tempfile

# How the list at the end says why the runs failed for good, sorted.
CAUSES = [
    "1 GB was refused (2 attempts)",
    "ended by signal 11 (Segmentation fault) (2 attempts)",
    "ended by signal 9 (Killed), perhaps for want of memory (2 attempts)",
    "its record is damaged (2 attempts)",
    "model.depth: not today (1 attempt)",
    "the process left by itself with code 3 (2 attempts)",
    "took longer than limits.seconds (2 attempts)",
]


def list_at_the_end(err):
    found = re.search(r"^failed:\n((?:  [0-9a-f]{16}  .*\n)+)what one wrote last: mesasweep log faults.h5 RUN; once more: "
                      r"mesasweep retry --failed faults.h5\n23 of 30 runs done, 7 failed, 2 diverged; 23 in ", err, re.M)
    return sorted(line[20:] for line in found[1].splitlines()) if found else None


ranks = sys.argv[1]
root = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
with tempfile.TemporaryDirectory() as folder:
    command = ["mpirun", "-q", "--bind-to", "none", "--host", f"localhost:{ranks}", "--oversubscribe",
               "-n", ranks, os.environ["CLUSTER_FAULTS"], folder]
    run = subprocess.run(command, env={**os.environ, **root}, timeout=600, stderr=subprocess.PIPE, text=True)
    print(run.stderr, flush=True)
    if run.returncode == 0 and list_at_the_end(run.stderr) != CAUSES:
        sys.exit(f"the list of failed runs is {list_at_the_end(run.stderr)}")
    sys.exit(run.returncode)
