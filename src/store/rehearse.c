#include "rehearse.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arrays_inside.h"
#include "base/process.h"
#include "guard.h"
#include "hdf.h"
#include "map.h"
#include "sanitized.h"

/* What a child may use, beside what grows with the file: ten times what the largest files need. */
#define MEMORY_LEAST 512e6
#define MEMORY_A_BYTE 8.0
#define SECONDS_LEAST 2.0
#define SECONDS_A_BYTE 50e-9

/* ---- the child */

static void limit(int resource, double most)
{
    struct rlimit limits;
    if (getrlimit((__rlimit_resource_t)resource, &limits) != 0 ||
        (limits.rlim_cur != RLIM_INFINITY && most >= (double)limits.rlim_cur))
        return;
    limits.rlim_cur = (rlim_t)most;
    setrlimit((__rlimit_resource_t)resource, &limits);
}

static void confine(double bytes)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i < GUARD_SIGNALS; i++)
        signal(guard_signals[i], SIG_DFL);
    signal(SIGXCPU, SIG_DFL);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, SECONDS_LEAST + SECONDS_A_BYTE * bytes);
    if (!SANITIZED)
        limit(RLIMIT_AS, process_address_space() + MEMORY_LEAST + MEMORY_A_BYTE * bytes);
}

static herr_t read_attribute(hid_t at, const char *name, const H5A_info_t *info, void *context)
{
    (void)info;
    free(hdf_read_text(context, at, name));
    return 0;
}

static void read_attributes(struct hdf *hdf)
{
    H5Aiterate2(hdf->file, H5_INDEX_NAME, H5_ITER_INC, NULL, read_attribute, hdf);
}

static enum status pass_over(void *context, struct hdf *hdf, int64_t row, const char *text)
{
    (void)context;
    (void)row;
    (void)text;
    return hdf->status;
}

/* Numbers lie in the file as they are; texts are what HDF5 has to look for. */
static void read_columns(struct hdf *hdf)
{
    struct map map;
    read_attributes(hdf);
    if (map_fill(&map, hdf) != OK)
        return;
    bool good = map_texts(hdf, "run", map.runs, pass_over, NULL) == OK; /* an axis, no column */
    for (int c = 0; c < map.results.count && good; c++)
        if (map.results.columns[c].type == HDF_TEXT)
            good = map_texts(hdf, map.results.columns[c].name, map.runs, pass_over, NULL) == OK;
    map_dispose(&map);
}

static enum status read_file(const char *path, enum map_reads reads)
{
    struct hdf hdf;
    struct error err;
    if (map_open(&hdf, path, MAP_AGAIN, &err) == OK && reads == MAP_COLUMNS)
        read_columns(&hdf);
    else if (hdf.status == OK)
        read_attributes(&hdf);
    return hdf_close(&hdf);
}

static enum status read_arrays(const char *path)
{
    struct arrays *arrays;
    struct error err;
    enum status st = arrays_open_with(&arrays, path, MAP_AGAIN, &err);
    if (st != OK)
        return st;
    for (int i = 0; i < arrays_count(arrays) && st == OK; i++) {
        void *values;
        if (arrays_at(arrays, i)->type != ARRAY_TEXT)
            continue;
        st = arrays_read(&values, arrays, i, &err);
        if (st == OK)
            arrays_free(values, arrays_at(arrays, i));
    }
    arrays_close(arrays);
    return st;
}

/* ---- the caller */

/* Signals that people and systems send to whole groups of processes say nothing of the file. */
static bool is_blamed(int signal)
{
    return signal != SIGINT && signal != SIGTERM && signal != SIGHUP && signal != SIGQUIT;
}

static enum status judge(const char *path, int status, struct error *err)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) /* base/memory.h */
        return error_set(err, ERR_MEMORY,
                         "%s: reading it was refused memory; if the machine is not short of it the "
                         "file is damaged, go back to a copy",
                         path);
    if (!WIFSIGNALED(status) || !is_blamed(WTERMSIG(status)))
        return OK;
    if (WTERMSIG(status) == SIGKILL) /* from outside, and no limit of ours */
        return error_set(err, ERR_FILE,
                         "%s: reading it was ended by signal 9 (Killed), probably for want of "
                         "memory: try again with more, or go back to a copy",
                         path);
    return guard_blame(err, path, WTERMSIG(status));
}

enum status rehearse(const char *path, enum map_reads reads, struct error *err)
{
    struct stat info;
    int status = 0;
    if (process_is_rank())
        return OK;
    double bytes = stat(path, &info) == 0 ? (double)info.st_size : 0;
    H5open(); /* once for both */
    pid_t child = fork();
    if (child < 0)
        return error_set(err, ERR_IO, "%s: no process can be started to read it: %s", path,
                         strerror(errno));
    if (child == 0) {
        confine(bytes);
        enum status found = reads == MAP_ARRAYS ? read_arrays(path) : read_file(path, reads);
        _exit(found == ERR_MEMORY ? error_exit_code(found) : 0);
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return OK; /* who started this program takes the news of its children */
    return judge(path, status, err);
}
