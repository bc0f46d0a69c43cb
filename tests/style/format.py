"""format.py ROOT: clang-format 14 would change nothing. Another version decides differently: skipped."""

import pathlib
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
    run = subprocess.run([command, "--dry-run", "-Werror", "--style=file", *paths], capture_output=True, text=True)
    seen = set()
    for name, line in re.findall(r"^(.+?):(\d+):\d+: error", run.stderr, re.M):
        if name not in seen:
            faults.append(f"{pathlib.Path(name).relative_to(top)}:{line}: not formatted; run clang-format -i on it")
        seen.add(name)
    source.report(faults)


main()
