"""What the style checks share: the files of the project, and their text without comments."""

import pathlib
import re
import subprocess
import sys

# Comments and string literals, so that a quote in a comment or "//" in a string misleads nobody.
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def root():
    return pathlib.Path(sys.argv[1]).resolve()


def files(top, *patterns):
    return sorted(path for pattern in patterns for path in top.glob(pattern))


def without_comments(path):
    """The text with every comment blanked; lines keep their numbers."""

    def blank(match):
        text = match.group()
        return text if text[0] in "\"'" else "\n" * text.count("\n")

    return TOKEN.sub(blank, path.read_text(encoding="utf-8"))


def includes(path):
    """(line, name, quoted) of every #include."""
    for number, line in enumerate(without_comments(path).split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*(["<])([^">]+)', line)
        if match:
            yield number, match.group(2), match.group(1) == '"'


def tracked(top):
    """Names at the top of the tree: what git has or would take; without git, all but build folders."""
    git = subprocess.run(["git", "-C", top, "ls-files", "-co", "--exclude-standard"],
                         capture_output=True, text=True)
    if git.returncode == 0:
        return sorted({name.split("/")[0] for name in git.stdout.splitlines()})
    return sorted(path.name for path in top.iterdir() if not path.name.startswith("build"))


def report(faults):
    """Prints the faults and ends the check: 1 when there is any."""
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)
