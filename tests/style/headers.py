"""headers.py ROOT COMPILER [FLAG...]: every header compiles alone, so it includes what it needs."""

import subprocess
import sys

import source


def main():
    top, compiler, faults = source.root(), sys.argv[2:], []
    headers = source.files(top, "include/**/*.h", "src/**/*.h", "tests/*.h")
    for path in headers:
        name = str(path.relative_to(top))
        run = subprocess.run(
            [*compiler, "-std=gnu17", "-D_GNU_SOURCE", f"-I{top}/include", f"-I{path.parent}",
             "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c", "-"],
            input=f'#include "{path}"\nextern int nothing;\n', capture_output=True, text=True)
        if run.returncode != 0:
            reason = next((line for line in run.stderr.splitlines() if "error" in line), run.stderr)
            faults.append(f"{name}: does not compile alone: {reason.strip()}")
    if not headers:
        faults.append("no header found")
    source.report(faults)


main()
