#include <inttypes.h>
#include <stdio.h>

#include "cluster/cluster.h"
#include "rows.h"
#include "stored.h"

static enum status retry_plan(struct job *job, struct plan **plan, struct error *err)
{
    return stored_plan(plan, job->file, err);
}

/* The coordinator makes rows pending that failed in an earlier job; here is said how many. */
static enum status count_failed(int64_t *failed, const char *file, struct error *err)
{
    struct reader *reader;
    enum status st = reader_open(&reader, file, err);
    if (st != OK)
        return st;
    *failed = rows_count(reader).failed;
    reader_close(reader);
    return OK;
}

enum status cmd_retry(int *code, const struct command *self, int argc, char **argv,
                      struct error *err)
{
    static const struct argp_option rows[] = {
        {"failed", OPTION_FAILED, NULL, 0, "Runs that failed or ran out of time", 0},
        JOB_OPTION_ROWS,
        {0},
    };
    static const char more[] = "They get all of their attempts anew; what is pending is done, too, "
                               "as by 'mesasweep resume'.";
    struct options options;
    enum status st = options_parse(&options, self, rows, more, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = options_words(&options, self, 1, 1, "the result file", err);
    if (st == OK && !options.failed)
        st = error_set(err, ERR_USAGE, "mesasweep %s: say --failed; usage: mesasweep %s %s",
                       self->name, self->name, self->arguments);
    if (st != OK)
        return st;
    struct job job = {.command = self, .options = &options, .plan = retry_plan};
    st = stored_file(&job, options.words[0], err);
    int64_t failed = 0;
    bool starts = launch_kind() != LAUNCH_RANK;
    if (st == OK && starts)
        st = count_failed(&failed, job.file, err);
    if (st != OK)
        return st;
    if (starts && failed == 0) {
        printf("%s: no run has failed; nothing to do\n", job.file);
        *code = 0;
        return OK;
    }
    if (starts)
        printf("%s: %" PRId64 " failed runs are tried again\n", job.file, failed);
    fflush(stdout);
    return job_carry_out(code, &job, argv, err);
}
