/* estimate.h - what a plan will take, before anything ran. */
#ifndef CLI_ESTIMATE_H
#define CLI_ESTIMATE_H

#include "sweep/plan.h"

struct estimate {
    double seconds; /* of one core, all runs together */
    double longest; /* seconds of the longest run */
    size_t memory;  /* bytes of the largest run */
    double limit;   /* limits.file of the sweep: bytes that need --yes; 0: none */
};

struct estimate estimate_plan(const struct plan *plan);

/* "about 38 s on one core" */
void estimate_print(char *text, size_t size, const struct estimate *estimate);

#endif
