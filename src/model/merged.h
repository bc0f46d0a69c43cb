/* merged.h - linear attention with context keys, algebraically: exact for any key size.
 *
 *   q_h k_h' v_h Wp_h  =  h (Wq Wk') (c' c) (Wv Wp)  =  h B_h S A_h,      S = c' c  [D,D]
 *
 * with B_h = Wq_h Wk_h' and A_h = damping Wv_h Wp_h formed once a step for the whole batch. Two
 * ways to evaluate it, and the projections of every head (attention.c) when keys are small; a layer
 * takes the one with the fewest multiply-adds:
 *
 *   matrix: M = sum_h B_h (S A_h),  h <- h + h M.  Every token, all channels; one product a token
 *           whatever the number of heads.
 *   scores: (h B_h) c' (c A_h). Few tokens or few channels: the last layer.
 *   tail:   the last two layers together, when nothing is clipped and one number is read (tail.h);
 *           the last is then its end, where nothing is left to do.
 *
 * Every token is carried, so that the activation clip is exact: no entry is ever assumed.
 */
#ifndef MODEL_MERGED_H
#define MODEL_MERGED_H

#include "base/arena.h"
#include "model/model.h"
#include "tail.h"

struct pass;
struct merged_head;

enum merged_form { FORM_HEADS, FORM_MATRIX, FORM_SCORES, FORM_TAIL, FORM_TAIL_END };

/* Products of one weight set. Shared matrices have rows padded to LANES, so that products of
 * weights run in lanes as well: one column a lane. */
struct merged_set {
    bool used, keys, values;   /* keys: some layer uses B; values: A */
    bool lanes, outer;         /* some form sums in dB and dA; some lets outer products wait */
    int channel, channels;     /* columns of A that some layer updates */
    real *B;                   /* [H][D][D], rows padded */
    real *A;                   /* [H][D][channels], rows padded */
    real *query, *key;         /* [H][D][K], rows padded */
    real *project;             /* [H][channels][K], rows padded: damping Wp' */
    real *dB, *dA;             /* [H][D][D] and [H][D][channels] x LANES: sums of the super-group */
    real *sum_B, *sum_A;       /* the same, shared */
    double *total_B, *total_A; /* the same of the batch */
    real *left_B, *right_B, *left_A, *right_A; /* [H][OUTER_ROWS][..]: outer products that wait */
    int *rows_B, *rows_A;                      /* [H] (forms.h) */
};

struct merged_layer {
    enum merged_form form;
    bool keys, values; /* heads: B_h, A_h take the place of Wq and Wk, of Wv and Wp */
    real *S, *M;       /* matrix: [D][D] */
    real *X;           /* matrix: [H][D][D], S A_h */
    real *U, *P, *V;   /* scores: [H][rows][D], [H][rows][N], [H][N][channels] */
};

struct merged {
    struct merged_set sets[MODEL_LAYERS_MAX];
    struct merged_layer layers[MODEL_LAYERS_MAX];
    struct merged_head *heads[MODEL_LAYERS_MAX]; /* [H], or NULL where nothing is merged */
    struct tail tail;
    real *lanes[2];              /* weights with padded rows */
    real *sum;                   /* [D][D] shared: sums over lanes */
    real *dM, *dX, *dS;          /* [D][D] */
    real *dU, *dP, *dV, *dinput; /* [T][D], [T][N], [N][D], [T][D] */
};

/* Notes the extents, then chooses the form of each layer: the fewest multiply-adds, forward and
 * backward together. */
void merged_choose(struct pass *pass);

/* Multiply-adds of a layer forward; of those that are counted both ways, a third. */
double merged_layer_cost(const struct pass *pass, int layer);

/* Chooses the form of each layer and takes its memory. */
void merged_create(struct pass *pass, struct arena *arena);

/* Whether all weights are those of attention, and each layer sums for both of its products. */
bool merged_sums_all(const struct pass *pass);

void merged_weights(struct pass *pass);

/* As attention_forward and attention_backward, without the clip. */
void matrix_forward(struct pass *pass, int layer);
void matrix_backward(struct pass *pass, int layer);
void lines_forward(struct pass *pass, int layer);
void lines_backward(struct pass *pass, int layer);

/* Ends a super-group: its sums of dB and dA go into those of the batch. */
void merged_super_group(struct pass *pass);

/* Turns the sums of the batch into those of the weights, in pass->gradient. */
void merged_gradient(struct pass *pass);

#endif
