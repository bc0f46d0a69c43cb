/* sizes.h - what a run will need: record, memory, cost. Runs that differ only in their seed need
 * the same, and follow each other in a grid: the last answer is kept. */
#ifndef CLUSTER_SIZES_H
#define CLUSTER_SIZES_H

#include "run/run.h"

struct sizes {
    struct run_config config; /* of the last answer */
    uint64_t analyses;
    size_t record, memory; /* bytes */
    double cost;           /* multiply-adds */
    bool known;
};

/* Start with {0}. */
void sizes_of(struct sizes *sizes, const struct run_config *config, uint64_t analyses);

#endif
