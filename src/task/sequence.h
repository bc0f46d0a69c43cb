/* sequence.h - what all tasks of sequences have in common: states [T + 1][d][LANES], of which the
 * first T become tokens and some predict the next one; and their rotations. */
#ifndef TASK_SEQUENCE_H
#define TASK_SEQUENCE_H

#include "task/task.h"

/* What is the same for all sequences of all runs: the `step` of STREAM_SHARED. */
enum { SHARED_ROTATION, SHARED_NONLINEAR };

struct sequence {
    int (*tokens)(const struct task_config *config); /* T */
    int gap; /* states between two whose next one is predicted; the first one's always is */
};

/* The shape of tokens of `width` channels. */
void sequence_shape(struct task *task, int width);

/* Writes tokens and target from the states. */
void sequence_place(real *tokens, real *target, const real *states, const struct task *task,
                    const struct kernels *kernels);

/* T of dynamics: task.context. */
int dynamics_tokens(const struct task_config *config);

/* states [T + 1][d][LANES]: s_1 is there, the others hold their noise; s_{t+1} = W s_t + noise,
 * limited to +-task.state_clip. */
void sequence_turn(real *states, const real *W, int d, const struct task_config *config,
                   const struct kernels *kernels);

/* Rows of LANES that the states take. */
int sequence_states(const struct task *task);

/* W [d][d][LANES]: rows become orthogonal, of length 1; along [d][LANES] is scratch. Of Gaussian
 * rows the result is Haar on O(d). */
void orthogonalise(real *W, int d, const struct kernels *kernels, real *along);
void draw_orthogonal(real *W, int d, const struct kernels *kernels, struct random_lanes *random,
                     real *along);

/* The same W for every sequence. */
void fixed_orthogonal(real *W, int d, const struct kernels *kernels, real *along);

/* W = V diag(l) V^-1, V of N(0, 1), l_1 = .9, the others U(.3, .9). */
void draw_contracting(real *W, int d, const struct kernels *kernels, struct random_lanes *random,
                      real *along);

#endif
