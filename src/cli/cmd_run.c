#include "base/files.h"
#include "job.h"
#include "sweep.h"

/* A file's list of analyses only grows, and only when the sweep lists some. */
static enum status adopt_analyses(struct plan *plan, const char *file, struct error *err)
{
    struct store_origin origin;
    enum status st = store_origin(&origin, file, err);
    if (st != OK)
        return st;
    uint64_t listed = plan_lists_analyses(plan) ? plan_analyses(plan) : 0;
    plan_set_analyses(plan, listed | origin.analyses);
    store_origin_dispose(&origin);
    return OK;
}

static enum status read_plan(struct job *job, struct plan **plan, struct error *err)
{
    enum status st = sweep_plan(plan, job->options, err);
    if (st != OK)
        return st;
    st = sweep_file(job->file, sizeof job->file, *plan, job->options, err);
    if (st == OK && files_there(job->file))
        st = adopt_analyses(*plan, job->file, err);
    if (st != OK) {
        plan_destroy(*plan);
        *plan = NULL;
    }
    return st;
}

enum status cmd_run(int *code, const struct command *self, int argc, char **argv, struct error *err)
{
    static const struct argp_option rows[] = {
        SWEEP_OPTION_ROWS,
        {"yes", OPTION_YES, NULL, 0, "Make the file even when it is large", 0},
        {"shard", OPTION_SHARD, "I/N", 0,
         "Only part I of N (0 .. N-1); give each its file with -o, then 'mesasweep merge'", 0},
        {"retire", OPTION_RETIRE, NULL, 0,
         "Keep finished runs that the sweep no longer has, marked as retired", 0},
        JOB_OPTION_ROWS,
        {0},
    };
    static const char more[] =
        "Runs that the file already has are kept: the same line again goes on after any kind of "
        "end, and does nothing when all is done; an edited sweep keeps what it still wants. "
        "key=value sets a key in every run; on a swept "
        "key it replaces the axis.";
    struct options options;
    enum status st = options_parse(&options, self, rows, more, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = sweep_words(&options, self, err);
    if (st != OK)
        return st;
    struct job job = {.command = self, .options = &options, .plan = read_plan, .changes = true};
    return job_carry_out(code, &job, argv, err);
}
