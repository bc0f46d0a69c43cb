/* one_step.h - one step of gradient descent on a sequence, and which one a model is nearest to
 * (arXiv 2309.05858; science.md 2.3).
 *
 * The mesa-objective .5 sum_{i<=t} |s_i - Phi s_{i-1}|^2 with s_0 = 0; one step from W0 predicts
 *
 *   W0 s_t + eta sum_{i<=t} (s_i - W0 s_{i-1}) s_{i-1}' s_t = eta C_t s_t + W0 (s_t - eta R_t s_t)
 *
 * with R_t = sum s_{i-1} s_{i-1}', C_t = sum s_i s_{i-1}'. Which eta and W0 are nearest to given
 * predictions follows from sums of products over all tokens of all sequences. Plain C in double,
 * sums in a fixed order: equal bits everywhere.
 */
#ifndef THEORY_ONE_STEP_H
#define THEORY_ONE_STEP_H

#include "base/arena.h"
#include "math/real.h"

enum { ONE_STEP_TARGETS = 2 };

struct one_step_sums {
    int d;
    double *R, *C;    /* [d][d][LANES] of the tokens so far */
    double *before;   /* [d][LANES] s_t-1 */
    double *features; /* [3 d][LANES] s_t, R_t s_t, C_t s_t */
    double *inputs;   /* [2 d][2 d][LANES] products of the first 2 d features; j <= i */
    double *steps;    /* [d][2 d][LANES] of C_t s_t with them */
    double *step;     /* [LANES] |C_t s_t|^2 */
    struct one_step_target {
        double *outputs; /* [d][2 d][LANES] of the predictions with the first 2 d features */
        double *cross;   /* [LANES] prediction . C_t s_t */
        double *square;  /* [LANES] |prediction|^2 */
    } targets[ONE_STEP_TARGETS];
};

/* Takes its memory from the arena, which must give zeros. */
struct one_step_sums one_step_create(struct arena *arena, int d);

/* Begins a group of 16 sequences; then for each token in turn its state [d][LANES], and what each
 * target says to it, [d][LANES]. A lane whose numbers are all 0 adds nothing. */
void one_step_begin(struct one_step_sums *sums);
void one_step_state(struct one_step_sums *sums, const double *state);
void one_step_target(struct one_step_sums *sums, int target, const double *prediction);

struct one_step {
    double eta;
    double *W0; /* [d][d] */
};

/* Doubles of scratch of both below. */
size_t one_step_scratch(int d);

/* The step nearest to a target: the least sum of |prediction - step|^2 over eta and W0, found from
 * the best eta without W0. step->W0 is written. */
void one_step_fit(struct one_step *step, const struct one_step_sums *sums, int target,
                  double *scratch);

/* sum of |prediction - step|^2 over all tokens, and of |prediction|^2. */
double one_step_distance(const struct one_step *step, const struct one_step_sums *sums, int target,
                         double *scratch);
double one_step_square(const struct one_step_sums *sums, int target);

#endif
