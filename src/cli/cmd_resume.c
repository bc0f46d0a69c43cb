#include "stored.h"

static enum status resume_plan(struct job *job, struct plan **plan, struct error *err)
{
    return stored_plan(plan, job->file, err);
}

enum status cmd_resume(int *code, const struct command *self, int argc, char **argv,
                       struct error *err)
{
    static const struct argp_option rows[] = {JOB_OPTION_ROWS, {0}};
    struct options options;
    enum status st = options_parse(&options, self, rows, NULL, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = options_words(&options, self, 1, 1, "the result file", err);
    if (st != OK)
        return st;
    struct job job = {.command = self, .options = &options, .plan = resume_plan};
    st = stored_file(&job, options.words[0], err);
    return st == OK ? job_carry_out(code, &job, argv, err) : st;
}
