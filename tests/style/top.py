"""top.py ROOT: nothing lies at the top of the tree but what belongs there."""

import source

ALLOWED = {"CMakeLists.txt", "README.md", "LICENSE", "src", "include", "sweeps", "slurm", "tests", "tools"}


def main():
    extra = [name for name in source.tracked(source.root())
             if name not in ALLOWED and not name.startswith(".")]
    source.report([f"{name}: does not belong at the top of the tree" for name in extra])


main()
