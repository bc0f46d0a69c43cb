/* rerun.h - stored runs carried out once more, in this process's children, against their rows. */
#ifndef CLI_RERUN_H
#define CLI_RERUN_H

#include "store/store.h"

struct rerun {
    uint64_t identity;
    char
        difference[160]; /* the column or tensor that differs, or why it gave no result; "": none */
};

/* Carries out at most `most` of the results that the plan of the file has and that are not damaged
 * (verdict), chosen evenly in the order of their identities, so that the same ones are chosen
 * again. Nothing is written. *reruns [*count] is the caller's to free. */
enum status rerun_some(struct rerun **reruns, int *count, const char *file, int most,
                       const struct store_verdict *verdict, struct error *err) MUST_CHECK;

#endif
