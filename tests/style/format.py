"""format.py ROOT: clang-format 14 would change nothing. Another version decides differently: skipped."""

import re
import subprocess
import sys

import source

MAJOR = 14
SKIPPED = 77


def formatter():
    """The command of the right version, or None."""
    for name in (f"clang-format-{MAJOR}", "clang-format"):
        try:
            text = subprocess.run([name, "--version"], capture_output=True, text=True).stdout
        except FileNotFoundError:
            continue
        version = re.search(r"version (\d+)", text)
        if version and int(version.group(1)) == MAJOR:
            return name
    return None


def main():
    top, faults, command = source.root(), [], formatter()
    if not command:
        print(f"skipped: there is no clang-format {MAJOR}")
        sys.exit(SKIPPED)
    paths = source.files(top, "src/**/*.[ch]", "include/**/*.h", "tests/**/*.[ch]")
    for path in paths:
        run = subprocess.run([command, "--dry-run", "-Werror", "--style=file", path],
                             capture_output=True, text=True)
        if run.returncode != 0:
            line = re.search(r":(\d+):\d+: error", run.stderr)
            faults.append(f"{path.relative_to(top)}:{line.group(1) if line else 1}: not formatted; "
                          "run clang-format -i on it")
    source.report(faults)


main()
