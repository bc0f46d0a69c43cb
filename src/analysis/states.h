/* states.h - the states of sequences, whatever tokens they have become, and what algorithms make of
 * them: doubles, one sequence a lane. s_0 = 0. */
#ifndef ANALYSIS_STATES_H
#define ANALYSIS_STATES_H

#include "walk.h"

/* .001 in R_t + .001 I, R_t = sum over i <= t of s_{i-1} s_{i-1}' (science.md 2.7). */
#define STATES_RIDGE 1e-3

struct states {
    int T, d;
    double *at; /* [T + 2][d][LANES]: s_0 .. s_{T+1} */
};

/* For `applies`: whether tasks are sequences. */
bool reads_states(const struct task_config *task, const struct tokens_config *tokens,
                  const struct model_config *model);

struct states states_create(struct arena *arena, const struct task *task);

/* The 16 sequences that `walk` has drawn. */
void states_read(struct states *states, const struct walk *walk);

/* [d][LANES] of s_t, t = 0 .. T + 1. */
static inline const double *state_at(const struct states *states, int t)
{
    return states->at + (ptrdiff_t)t * states->d * LANES;
}

#endif
