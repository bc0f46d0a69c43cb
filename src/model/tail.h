/* tail.h - the last two layers of merged linear attention together, when one number is read.
 *
 * With G = I + sum_h B_h S A_h (S = C'C, C [N,D] the context) the first of the two takes the query
 * z to z1 = z G and the context to C1 = C G, and the second reads
 *
 *   r = z1[channel] + sum_g (C1 u_g) . (C1 a_g),   u_g = z1 B'_g,   a_g = that column of A'_g.
 *
 * So C1 is wanted only on 2H vectors, C1 x = C (x + sum_h B_h C'(C (A_h x))): neither S nor G is
 * formed, and backward is made of outer products. Exact only while nothing is clipped.
 */
#ifndef MODEL_TAIL_H
#define MODEL_TAIL_H

#include "base/arena.h"
#include "model/model.h"

struct pass;

/* Vectors are rows. The first H of 2H rows belong to u_g, the others to a_g. */
struct tail {
    real *Q, *P, *T;      /* [H][D], [H][N], [H][D]: z B_h, Q C', P C */
    real *z1;             /* [D] */
    real *X, *Y, *Z;      /* [H] of [2H][D], [2H][N], [2H][D]: x A_h', X C', Y C */
    real *base;           /* [2H][D]: u_g, a_g */
    real *moved;          /* [2H][D]: G x */
    real *seen;           /* [2H][N]: C1 x */
    real *dmoved, *dseen; /* as those */
    real *dX, *dY, *dZ;   /* of one head */
    real *dbase;          /* [H][D]: of u_g */
    real *dz1, *dz, *dr;  /* [D], [D], [1] */
    real *dT, *dP, *dQ;   /* [D], [N], [D] of one head */
    real *da;             /* [H][D]: of a_g, sum of the super-group */
    real *dXa;            /* [H][H][D]: of A_h a_g, the same */
};

/* Whether layers L-2 and L-1 can be one tail, and what it costs forward. */
bool tail_fits(const struct pass *pass);
double tail_cost(const struct model *model);

void tail_create(struct pass *pass, struct arena *arena);
void tail_weights(struct pass *pass);
void tail_forward(struct pass *pass, int layer); /* layer L - 2, writes what is read of stream[L] */
void tail_backward(struct pass *pass, int layer);
void tail_gradient(struct pass *pass); /* moves da and dXa into dA of the two layers */

#endif
