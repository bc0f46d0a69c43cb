"""headers.py ROOT COMPILER [FLAG...]: every header compiles alone, so it includes what it needs."""

import concurrent.futures
import os
import subprocess
import sys

import source


def fault(top, compiler, path):
    """What is wrong with the header, or None."""
    run = subprocess.run(
        [*compiler, "-std=gnu17", "-D_GNU_SOURCE", f"-I{top}/include", "-Wall", "-Wextra", "-Werror",
         "-fsyntax-only", "-x", "c", "-"],
        input=f'#include "{path}"\nextern int nothing;\n', capture_output=True, text=True)
    if run.returncode == 0:
        return None
    reason = next((line for line in run.stderr.splitlines() if "error" in line), run.stderr)
    return f"{path.relative_to(top)}: does not compile alone: {reason.strip()}"


def main():
    top, compiler = source.root(), sys.argv[2:]
    headers = source.files(top, "include/**/*.h", "src/**/*.h", "tests/*.h")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = list(pool.map(lambda path: fault(top, compiler, path), headers))
    source.report([text for text in faults if text] if headers else ["no header found"])


main()
