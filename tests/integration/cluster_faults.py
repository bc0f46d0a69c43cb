"""Without this nobody would start cluster_faults under mpirun, in a folder of its own."""

import os
import subprocess
import sys
import tempfile

ranks = sys.argv[1]
root = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
with tempfile.TemporaryDirectory() as folder:
    command = ["mpirun", "-q", "--bind-to", "none", "--host", f"localhost:{ranks}", "--oversubscribe",
               "-n", ranks, os.environ["CLUSTER_FAULTS"], folder]
    sys.exit(subprocess.run(command, env={**os.environ, **root}, timeout=110).returncode)
