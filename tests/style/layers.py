"""layers.py ROOT LAYER,LAYER,...: a file includes headers of its own layer and of those before it only."""

import sys

import source

LAYERS = sys.argv[2].split(",")


def fault(top, path, layer, name):
    """What is wrong with `#include "name"` in a file of the layer, or None."""
    first = name.split("/")[0]
    if (top / "include" / name).is_file():
        if LAYERS.index(first) > LAYERS.index(layer):
            return f"{layer} must not know {first}"
        return None
    beside = (path.parent / name).resolve()
    if not beside.is_file():
        return f"{name} is neither below include/ nor beside the file"
    own = [top / "src" / layer, top / "include" / layer]
    if not any(folder in beside.parents for folder in own):
        return f"{name} is a private header of another layer"
    return None


def main():
    top, faults = source.root(), []
    for layer in LAYERS:
        patterns = [f"src/{layer}/**/*.[ch]", f"include/{layer}/**/*.h"]
        if layer == LAYERS[-1]:
            patterns.append("src/*.c")
        for path in source.files(top, *patterns):
            for line, name, quoted in source.includes(path):
                text = quoted and fault(top, path, layer, name)
                if text:
                    faults.append(f"{path.relative_to(top)}:{line}: {text}")
    for path in source.files(top, "src/*/*.[ch]", "include/*/*.h"):
        if path.parent.name not in LAYERS:
            faults.append(f"{path.relative_to(top)}: {path.parent.name} is no layer")
    source.report(faults)


main()
