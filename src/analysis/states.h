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

/* Whether tasks are sequences. */
bool has_states(const struct tokens_config *tokens);

struct states states_create(struct arena *arena, const struct task *task);

/* The 16 sequences that `walk` has drawn. */
void states_read(struct states *states, const struct walk *walk);

/* [d][LANES] of s_t, t = 0 .. T + 1. */
static inline const double *state_at(const struct states *states, int t)
{
    return states->at + (ptrdiff_t)t * states->d * LANES;
}

/* inverse [d][d][LANES] of R + ridge I, of R = 0; and of R + s s' from that of R, s [d][LANES],
 * by the formula of Sherman and Morrison; image [d][LANES] is scratch. */
void inverse_start(double *inverse, int d, double ridge);
void inverse_add(double *inverse, const double *s, double *image, int d);

/* y [d][LANES] = A x, A [d][d][LANES]. */
void states_apply(double *y, const double *A, const double *x, int d);

#endif
