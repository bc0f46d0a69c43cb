"""Without this a file could be closed to the newest h5py, xarray, netCDF4, pandas or PyTables: store_readers.py
with what PyPI has today, in an environment that is thrown away. Without PyPI it is skipped."""

import pathlib
import subprocess
import sys
import tempfile

from store_file import SKIPPED

READERS = ("h5py", "xarray", "h5netcdf", "netCDF4", "pandas", "tables")


def skip(run):
    print("skipped:", (run.stderr.strip() or "no reason given").splitlines()[-1])
    sys.exit(SKIPPED)


def main():
    with tempfile.TemporaryDirectory(prefix="mesasweep-") as folder:
        python = pathlib.Path(folder, "bin", "python")
        made = subprocess.run([sys.executable, "-m", "venv", folder], capture_output=True, text=True)
        if made.returncode:
            skip(made)
        got = subprocess.run([python, "-m", "pip", "install", "--quiet", "--only-binary=:all:",
                              "--disable-pip-version-check", *READERS], capture_output=True, text=True)
        if got.returncode:
            skip(got)
        versions = "import importlib.metadata as m, sys; print(*(f'{n} {m.version(n)}' for n in sys.argv[1:]), sep=', ')"
        subprocess.run([python, "-c", versions, *READERS], check=True)
        readers = pathlib.Path(__file__).with_name("store_readers.py")
        sys.exit(subprocess.run([python, "-B", "-W", "ignore", readers]).returncode)


main()
