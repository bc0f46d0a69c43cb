#include "sweep.h"

#include <stdio.h>
#include <string.h>

enum status sweep_words(const struct options *options, const struct command *self,
                        struct error *err)
{
    enum status st = options_words(options, self, 1, INT32_MAX, "the sweep file", err);
    if (st != OK)
        return st;
    if (strchr(options->words[0], '='))
        return error_set(err, ERR_USAGE,
                         "mesasweep %s: the sweep file is missing before '%s'; usage: mesasweep %s "
                         "%s",
                         self->name, options->words[0], self->name, self->arguments);
    for (int i = 1; i < options->word_count; i++)
        if (!strchr(options->words[i], '='))
            return error_set(err, ERR_USAGE,
                             "mesasweep %s: '%s' is no setting; settings are key=value", self->name,
                             options->words[i]);
    return OK;
}

enum status sweep_plan(struct plan **plan, const struct options *options, struct error *err)
{
    struct plan_options settings = {
        .overrides = (const char *const *)options->words + 1,
        .override_count = options->word_count - 1,
        .quick = options->quick,
        .shard = options->shard,
    };
    return plan_read(plan, options->words[0], &settings, err);
}

enum status sweep_file(char *file, size_t size, const struct plan *plan,
                       const struct options *options, struct error *err)
{
    int length = options->output ? snprintf(file, size, "%s", options->output)
                                 : snprintf(file, size, "%s%s.h5", plan_name(plan),
                                            plan_quick(plan) ? ".quick" : "");
    if (length < 0 || (size_t)length >= size)
        return error_set(err, ERR_USAGE, "%.40s...: the name of the result file is too long",
                         options->output ? options->output : plan_name(plan));
    return OK;
}
