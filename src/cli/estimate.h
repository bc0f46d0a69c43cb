/* estimate.h - what a plan will take, before anything ran. */
#ifndef CLI_ESTIMATE_H
#define CLI_ESTIMATE_H

#include "sweep/plan.h"

struct estimate {
    double seconds; /* of one core, all runs together */
    double longest; /* seconds of the longest run */
    size_t memory;  /* bytes of the largest run */
    double bytes;   /* columns and weights of all runs */
    double limit;   /* limits.file of the sweep: bytes that need --yes; 0: none */
};

enum status estimate_plan(struct estimate *estimate, const struct plan *plan,
                          struct error *err) MUST_CHECK;

/* One run of it. An estimator remembers what it found for other runs of the same kind. */
struct estimate_run {
    double seconds;       /* of one core */
    size_t memory, bytes; /* bytes: its columns and weights */
};
struct estimator;
enum status estimator_create(struct estimator **estimator, const struct plan *plan,
                             struct error *err) MUST_CHECK;
void estimator_destroy(struct estimator *estimator);
enum status estimate_run(struct estimate_run *run, struct estimator *estimator,
                         const struct run_config *config, struct error *err) MUST_CHECK;
void estimate_add(struct estimate *estimate, const struct estimate_run *run);

/* "about 38 s on one core" */
void estimate_print(char *text, size_t size, const struct estimate *estimate);

#endif
