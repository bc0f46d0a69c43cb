/* config.h - the whole configuration of one run: the structs of all layers, and one schema of their
 * tables. */
#ifndef RUN_CONFIG_H
#define RUN_CONFIG_H

#include "model/config.h"
#include "task/config.h"
#include "train/config.h"

struct start_config {
    struct key_text run, file; /* see run/start.h */
};

struct keep_config {
    struct key_text weights; /* see run/keep.h */
};

struct retry_config {
    int attempts; /* of a run that crashed, ran out of time or memory; a diverged run is a result */
};

struct limits_config {
    double seconds; /* of one attempt; 0: none */
    double memory;  /* bytes of one run; 0: none */
    double file;    /* bytes of the result file without --yes */
};

struct checkpoint_config {
    double minutes; /* between two checkpoints of a long run */
};

struct cluster_config {
    int coordinator_runs; /* auto | always | never: whether rank 0 computes too */
};

struct run_config {
    struct task_config task;
    struct tokens_config tokens;
    struct model_config model;
    struct train_config train;
    struct evaluation_config evaluation;
    int64_t seed;
    struct start_config start;
    struct keep_config keep;
    struct retry_config retry;
    struct limits_config limits;
    struct checkpoint_config checkpoint;
    struct cluster_config cluster;
};

extern const struct schema run_schema;

/* Whether two configurations differ in their seed at most. May say no of two that are equal, never
 * yes of two that are not: neighbours in a grid need not be looked at twice. */
bool run_same_but_seed(const struct run_config *a, const struct run_config *b);

#endif
