"""sizes.py ROOT: functions and files stay small. Lines with code count; blank lines and comments do not."""

import source

FUNCTION, KERNEL = 40, 60  # kernels: src/math/isa
SOURCE, HEADER = 400, 150


def code_lines(text):
    return sum(1 for line in text if line.strip())


def functions(lines):
    """(line, name, length) of each function: with Linux braces its own are alone at column 0."""
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line.startswith("}") and start is not None:
            head = start - 1
            while head > 0 and lines[head][:1] in (" ", "\t", ""):
                head -= 1
            name = lines[head].split("(")[0].split()[-1].lstrip("*")
            yield start + 1, name, code_lines(lines[start + 1:number])
            start = None


def main():
    top, faults = source.root(), []
    for path in source.files(top, "src/**/*.[ch]", "include/**/*.h"):
        name = path.relative_to(top)
        lines = source.without_comments(path).split("\n")
        limit = HEADER if path.suffix == ".h" else SOURCE
        if code_lines(lines) > limit:
            faults.append(f"{name}: {code_lines(lines)} lines, limit {limit}: split it by concept")
        limit = KERNEL if "src/math/isa" in str(name) else FUNCTION
        for line, function, length in functions(lines):
            if length > limit:
                faults.append(f"{name}:{line}: {function}: {length} lines, limit {limit}")
    source.report(faults)


main()
