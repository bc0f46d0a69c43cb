/* task.h - samples tasks in groups of 16 and lays them out as tokens.
 *
 * Linear regression (science.md 1.1): W [O,d], entries N(0, weight_scale^2); x_i ~ U(-r/2, r/2)^d;
 * y_i = W x_i (+ noise in the context; the target has none).
 *
 * Sines (science.md 1.6): d = O = 1, y_i = a sin(x_i + p) (+ noise in the context), x as above,
 * a ~ U(.1, .5) weight_scale, p ~ U(0, pi).
 *
 * Inputs of tasks of pairs may be others (science.md 1.4): independent exponential(1), normal or
 * Laplace(1) numbers, or one of the three in each task; X [N,d] and x_q are then multiplied by
 * r / |X|. After the noise `noisy_labels` of the N context labels, chosen at random, become N(0,
 * 1).
 *
 * Tokens: joint: (x_i, y_i), last
 * (x_q, 0), T = N+1, width d+O. Separate: x_1, y_1, ..., x_q, T = 2N+1, width d+O: (x, 0) and
 * (0, y). Prediction = -(the y channels of the last token). With tokens.readout: published it is
 * -(the last O channels of the last token's stream), and separate tokens are x and (0, y) of width
 * d.
 *
 * Linear dynamics (science.md 2.1): W [d,d] Haar-orthogonal; s_1 ~ U(-r/2, r/2)^d; s_{t+1} = W s_t
 * + noise, limited to +-state_clip. T tokens: constructed (0, s_t, s_t, s_{t-1}) of width 4d, or
 * raw s_t. Prediction of s_{t+1} = the first d channels of token t.
 *
 * Fixed dynamics: the same, but W is one rotation for all sequences, of all runs with this d.
 * Contracting dynamics: W = V diag(l) V^-1 of each sequence's own, V [d,d] of N(0, 1), l_1 = .9,
 * the others U(.3, .9).
 *
 * Partially observed dynamics: states of task.state numbers as in linear dynamics; a token shows d
 * of them, o_t = C s_t + noise, C [d,state] ~ .5 N(0, 1) of each sequence's own. In what is said of
 * tokens and predictions o stands for s.
 *
 * Non-linear dynamics: s_{t+1} = W f(s_t)/|f(s_t)| + noise, W Haar, f(s) = gelu(s A) B, A [d,4d]
 * and B [4d,d] of 1.1 N(0, 1), the same for all sequences, of all runs with this d.
 *
 * Few-shot streams (science.md 2.8): x_i ~ U(-r/2, r/2)^d, y_i = W x_i + noise, limited to
 * +-state_clip; the states x_1, y_1, x_2, ..., x_N, and with several tasks y_N and those of the
 * next W: T = 2 N tasks - 1 tokens, constructed or raw. Predicted is y_i, at the token of x_i: N
 * tasks outputs, one token between two of them.
 */
#ifndef TASK_TASK_H
#define TASK_TASK_H

#include "model/model.h"
#include "task/config.h"

/* Tasks of pairs: where x_i, y_i and x_q lie inside the tokens [T][W][LANES]: x_i[c] at x + i*pair
 * + c*LANES. */
struct pairs {
    ptrdiff_t x, y, query; /* of pair 0, of pair 0, of the query; in reals from the first token */
    int pair;              /* from one pair to the next, in reals */
};

struct task {
    struct task_config config;
    struct tokens_config tokens;
    struct token_shape shape;
    struct pairs pairs;
};

/* ERR_CONFIG when the token construction is not one for this kind of data, or a key of the task
 * does not fit its kind. */
enum status task_init(struct task *task, const struct task_config *config,
                      const struct tokens_config *tokens, struct error *err) MUST_CHECK;

/* Fills tokens [T][W][LANES] (all of it) and target [output_tokens][outputs][LANES] with fresh
 * tasks; scratch [task_scratch(task)][LANES]. The draws of one task do not depend on the token
 * construction: W (a, p), then x_1 ... x_N, x_q, then the noise, then the noisy labels; or W, s_1,
 * then the noise (V and l in place of W, or nothing; W and C, and the noise of states before that
 * of observations); or of each few-shot task W, x_1 ... x_N, the noise. */
void task_sample(real *tokens, real *target, const struct task *task, const struct kernels *kernels,
                 struct random_lanes *random, real *scratch);
int task_scratch(const struct task *task);

/* What sampling one task costs, in multiply-adds that take as long. */
double task_cost(const struct task *task);

/* Streams of random numbers (the `stream` of random_seed): one a purpose, never renumbered. */
enum stream {
    STREAM_WEIGHTS = 1,
    STREAM_TRAIN = 2,
    STREAM_EVALUATION = 3,
    STREAM_PROBE = 4,
    STREAM_SHARED = 5,
    STREAM_DISTILLATION = 6
};

/* An endless list of tasks: task i is a function of (seed, stream, step, i) alone. Training takes
 * tasks 0 .. batch-1 of {seed, STREAM_TRAIN, step} in each step; the evaluation set is tasks
 * 0 .. evaluation.tasks-1 of {evaluation.seed, STREAM_EVALUATION, 0}. */
struct task_source {
    uint64_t seed;
    enum stream stream;
    uint32_t step;
};

/* task_sample for tasks first .. first+15 of a source. */
void task_draw(real *tokens, real *target, const struct task *task, const struct kernels *kernels,
               const struct task_source *source, uint64_t first, real *scratch);

/* Sines: y[n][LANES] = labels of x[n][LANES], without noise, in tasks first .. first+15 of a
 * source.
 */
void sine_label(real *y, const real *x, int n, const struct task *task,
                const struct kernels *kernels, const struct task_source *source, uint64_t first);

/* Non-linear dynamics: features [n][d][LANES] = f(s) / |f(s)| of states [n][d][LANES]; scratch
 * [nonlinear_scratch(task)][LANES]. Of s = 0 they are 0. */
void nonlinear_features(real *features, const real *states, int n, const struct task *task,
                        const struct kernels *kernels, real *scratch);
int nonlinear_scratch(const struct task *task);

#endif
