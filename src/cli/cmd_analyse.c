#include <string.h>

#include "base/text.h"
#include "stored.h"

static enum status refuse_analysis(const char *name, struct error *err)
{
    char shown[TEXT_SHOWN];
    struct text names = {0};
    for (int a = 0; a < run_analyses(); a++)
        text_print(&names, "%s%s", a ? ", " : "", run_analysis_name(a));
    error_set(err, ERR_USAGE, "mesasweep analyse: '%s' is no analysis, allowed are %s",
              text_show(shown, name), names.data ? names.data : "none");
    text_dispose(&names);
    return ERR_USAGE;
}

static enum status read_names(uint64_t *analyses, const struct options *options, struct error *err)
{
    *analyses = 0;
    for (int i = 1; i < options->word_count; i++) {
        int a = run_analyses() - 1;
        while (a >= 0 && strcmp(options->words[i], run_analysis_name(a)) != 0)
            a--;
        if (a < 0)
            return refuse_analysis(options->words[i], err);
        *analyses |= UINT64_C(1) << a;
    }
    return OK;
}

/* What no run of the file could be given is a slip in the name, or in the file's. */
static enum status check_use(const struct plan *plan, uint64_t analyses, const char *file,
                             struct error *err)
{
    uint64_t useless = analyses;
    struct text names = {0};
    for (int64_t run = 0; run < plan_count(plan) && useless; run++) {
        struct run_config config;
        plan_config(plan, run, &config);
        useless &= ~run_analyses_for(&config);
    }
    if (!useless)
        return OK;
    for (int a = 0; a < run_analyses(); a++)
        if (useless >> a & 1)
            text_print(&names, "%s%s (%s)", names.data ? ", " : "", run_analysis_name(a),
                       run_analysis_about(a));
    error_set(err, ERR_USAGE, "%s: has no run for %s; name others, 'mesasweep keys' lists them",
              file, names.data ? names.data : "them");
    text_dispose(&names);
    return ERR_USAGE;
}

/* The file's own plan, with the analyses that are asked for beside those that it has. */
static enum status larger_plan(struct job *job, struct plan **plan, struct error *err)
{
    uint64_t analyses;
    enum status st = read_names(&analyses, job->options, err);
    if (st == OK)
        st = stored_plan(plan, job->file, err);
    if (st != OK)
        return st;
    st = check_use(*plan, analyses, job->file, err);
    if (st == OK)
        plan_set_analyses(*plan, plan_analyses(*plan) | analyses);
    else
        plan_destroy(*plan);
    return st;
}

enum status cmd_analyse(int *code, const struct command *self, int argc, char **argv,
                        struct error *err)
{
    static const struct argp_option rows[] = {
        {"yes", OPTION_YES, NULL, 0, "Make the file even when it is large", 0},
        JOB_OPTION_ROWS,
        {0},
    };
    static const char more[] =
        "Nothing is trained: finished runs are analysed from the weights that the file has; those "
        "that are not finished get these columns when they run. The same line again goes on after "
        "any kind of end.";
    struct options options;
    enum status st = options_parse(&options, self, rows, more, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = options_words(&options, self, 1, INT32_MAX, "the result file", err);
    if (st == OK)
        st = options_words(&options, self, 2, INT32_MAX, "the name of an analysis", err);
    if (st != OK)
        return st;
    struct job job = {.command = self,
                      .options = &options,
                      .plan = larger_plan,
                      .changes = true,
                      .cluster = {.analyse_only = true}};
    st = stored_file(&job, options.words[0], err);
    return st == OK ? job_carry_out(code, &job, argv, err) : st;
}
