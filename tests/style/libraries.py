"""libraries.py ROOT: each outside library is touched in one layer, and src/main.c touches none."""

import re

import source

# header (regular expression) and the one layer that may include it
OWNERS = [
    (r"yaml\.h", "config"),
    (r"(open)?blas.*\.h|cblas.*\.h|lapack.*\.h", "math"),
    (r"hdf5.*\.h|H5.*\.h", "store"),
    (r"mpi.*\.h", "cluster"),
    (r"argp\.h", "cli"),
]


def owner(name):
    for pattern, layer in OWNERS:
        if re.fullmatch(pattern, name.split("/")[-1]):
            return layer
    return None


def main():
    top, faults = source.root(), []
    for path in source.files(top, "src/**/*.[ch]", "include/**/*.h"):
        parts = path.relative_to(top).parts
        layer = parts[1] if len(parts) > 2 else parts[-1]
        for line, name, quoted in source.includes(path):
            right = None if quoted else owner(name)
            if right and right != layer:
                faults.append(f"{path.relative_to(top)}:{line}: <{name}> belongs to {right} alone")
    source.report(faults)


main()
