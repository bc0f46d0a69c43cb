/* probing.h - linear probes of every token of the stream after every layer (science.md 2.7): what
 * can be read off it of some targets, on tasks that the probe was not fitted on and, beside it, on
 * the very tasks that it was fitted on.
 *
 * Tasks 0 .. PROBING_FIT - 1 of the probes' stream are fitted, in RIDGE_FOLDS folds; the next
 * PROBING_TEST are the test. In sample are the first PROBING_SAMPLE, as in the paper.
 */
#ifndef ANALYSIS_PROBING_H
#define ANALYSIS_PROBING_H

#include "ridge.h"
#include "walk.h"

enum { PROBING_FIT = 2048, PROBING_TEST = 2048, PROBING_SAMPLE = 256 };

/* What the probes of a row of the stream are asked for. */
struct probing_targets {
    void *context;
    /* Is called once for each group of 16 tasks, which `walk` holds. */
    void (*look)(void *context, const struct walk *walk);
    /* y[LANES][groups * width] for the token in this row: all of it, 0 where it has no target. */
    void (*ask)(double *y, void *context, int row);
};

struct probing {
    struct walk walk;
    struct ridge_shape shape;
    int layers;        /* L + 1, and how many of them are probed in one walk through the tasks */
    int layers_a_walk; /* as their sums are large */
    int rows;          /* of the stream */
    double *x;         /* [layers_a_walk][rows][SUPER_GROUP][1 + n] */
    double *y;         /* [rows][SUPER_GROUP][m] */
    double *sums;      /* [parts][layers_a_walk][rows][ridge_sums] */
    double *scratch;   /* of ridge.h */
    double *r2;        /* [groups] */
    float *held_out;   /* [layers][rows][groups]; NaN: no such target */
    float *in_sample;  /* the same */
};

void probing_create(struct probing *probing, struct arena *arena,
                    const struct analysis_input *input, int groups, int width);

/* Starts the walk; probing_execute fills held_out and in_sample. */
void probing_start(struct probing *probing, const struct analysis_input *input);
void probing_execute(struct probing *probing, const struct probing_targets *targets);

/* Multiply-adds, where a task's targets cost `target`. */
double probing_cost(const struct analysis_input *input, int groups, int width, double target);

#endif
