/* sample.h - tasks for the tests of theory, from a generator of their own, so that theory is tested
 * without the engine. */
#ifndef TESTS_THEORY_SAMPLE_H
#define TESTS_THEORY_SAMPLE_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "theory/regression.h"

/* splitmix64: uniform in [0, 1). */
static inline double sample_uniform(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static inline double sample_normal(uint64_t *state)
{
    double u = 1 - sample_uniform(state);
    return sqrt(-2 * log(u)) * cos(2 * M_PI * sample_uniform(state));
}

/* A set on the heap (free(set.at)): x ~ U(-r/2, r/2), W ~ N(0, k^2), labels with noise but for the
 * query's. A task does not depend on how many follow it. */
static inline struct regression_set sample_set(const struct task_config *config, int count,
                                               uint64_t seed)
{
    int d = config->dimension, N = config->context, O = config->outputs;
    struct regression_set set = {d, N, O, count, NULL};
    size_t numbers = (size_t)(N + 1) * (size_t)(d + O) * LANES;
    set.at = calloc((size_t)regression_groups(&set) * numbers, sizeof(double));
    double *W = calloc((size_t)(O * d), sizeof(double));
    for (int t = 0; t < count; t++) {
        double *x = set.at + (size_t)(t / LANES) * numbers + t % LANES, *y = x + N * d * LANES;
        for (int i = 0; i < O * d; i++)
            W[i] = config->weight_scale * sample_normal(&seed);
        for (int i = 0; i <= N; i++) {
            double *in = i < N ? x + i * d * LANES : y + N * O * LANES;
            double *out = i < N ? y + i * O * LANES : in + d * LANES;
            for (int c = 0; c < d; c++)
                in[c * LANES] = config->input_range * (sample_uniform(&seed) - .5);
            for (int o = 0; o < O; o++) {
                out[o * LANES] = i < N ? config->noise * sample_normal(&seed) : 0;
                for (int c = 0; c < d; c++)
                    out[o * LANES] += W[o * d + c] * in[c * LANES];
            }
        }
    }
    free(W);
    return set;
}

/* The task of paper 1. */
static const struct task_config paper_task = {
    .dimension = 10, .context = 10, .outputs = 1, .input_range = 1, .weight_scale = 1};

/* A small one with more outputs, more pairs than dimensions, and noise. */
static const struct task_config odd_task = {
    .dimension = 3, .context = 5, .outputs = 2, .input_range = 2, .weight_scale = 1.5, .noise = .1};

#endif
