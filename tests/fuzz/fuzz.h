/* fuzz.h - what a fuzz target is: one function that looks at any bytes.
 *
 * libFuzzer drives it in the build of tools/fuzz; replay.c does in every other one. A fault is a
 * crash, a finding of the sanitizers, a message that is not one line, or a second of work.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "sweep/plan.h"

void fuzz_one(const uint8_t *data, size_t size); /* the target's */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Called once, before, in targets that have it. */
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

/* Ends the program unless it is OK, or a refusal in one line. */
static inline void expect_one_line(enum status status, const struct error *err)
{
    bool refused = status == ERR_CONFIG || status == ERR_USAGE || status == ERR_FILE;
    if (status == OK || (refused && err->text[0] && !strpbrk(err->text, "\n\r")))
        return;
    fprintf(stderr, "status %d: '%s'\n", (int)status, err->text);
    abort();
}

/* A plan of these texts must be made, or refused in one line; of a plan the first runs are looked
 * at. */
static inline void fuzz_plan(const char *text, const struct plan_options *options)
{
    struct plan *plan = NULL;
    struct error err = {""};
    enum status status = plan_parse(&plan, "s.yaml", text, strlen(text), options, &err);
    expect_one_line(status, &err);
    for (int64_t run = 0; status == OK && run < plan_count(plan) && run < 20; run++) {
        struct run_config config;
        plan_config(plan, run, &config);
        if (plan_identity_of(&config) != plan_identity(plan, run) ||
            run_check(&config, NULL, NULL) != OK)
            abort();
    }
    plan_destroy(plan);
}

#endif
