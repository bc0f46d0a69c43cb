#include "cli/command.h"
#include "math/lapack.h"

/* clang-format off */
static const struct command commands[] = {
    {"new",     "SWEEP.yaml",                  "write a small sweep with comments, to begin with", cmd_new},
    {"run",     "SWEEP.yaml [key=value ...]",  "carry out a sweep, or what is left of it", cmd_run},
    {"resume",  "FILE.h5",                     "go on with a sweep; the file says all that is needed", cmd_resume},
    {"retry",   "--failed FILE.h5",            "try failed runs again, and do what is left", cmd_retry},
    {"analyse", "FILE.h5 NAME ...",            "add analyses to finished runs, from the weights that they kept", cmd_analyse},
    {"merge",   "OUT.h5 IN.h5 ...",            "make one file of those of several shards", cmd_merge},
    {"verify",  "FILE.h5",                     "look at every checksum of a file; writes nothing", cmd_verify},
    {"plan",    "SWEEP.yaml [key=value ...]",  "check a sweep: its runs, disk, memory and time; runs nothing", cmd_plan},
    {"sbatch",  "SWEEP.yaml [key=value ...]",  "write a batch script for Slurm that carries out a sweep", cmd_sbatch},
    {"status",  "FILE.h5",                     "how far a sweep is, what failed and why", cmd_status},
    {"table",   "FILE.h5",                     "one row a run: what was varied and what came out", cmd_table},
    {"show",    "FILE.h5 RUN",                 "one run in full: configuration, curves, results, tensors", cmd_show},
    {"best",    "FILE.h5",                     "the finished run with the least test_loss, or of another column, in full", cmd_best},
    {"diff",    "FILE.h5[:RUN] FILE.h5[:RUN]", "what differs between two files, or two runs", cmd_diff},
    {"export",  "FILE.h5",                     "all runs as CSV, JSON or NumPy arrays", cmd_export},
    {"log",     "FILE.h5 RUN",                 "what the last failed attempt of a run said", cmd_log},
    {"keys",    "",                            "every key of a sweep file: type, range, default, meaning", cmd_keys},
    {"bench",   "[ROW ...]",                   "how fast the engine trains on this core, or runs are handed out", cmd_bench},
    {"version", "",                            "version, commit, compiler, instruction set", cmd_version},
};
/* clang-format on */

int main(int argc, char **argv)
{
    lapack_begin(argv);
    return command_main(commands, sizeof commands / sizeof commands[0], argc, argv);
}
