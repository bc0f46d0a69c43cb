/* products.h - what linear attention computes of its weights: Wq and Wk of a head matter only as
 * QK = Wq Wk', Wv and Wp only as VP = Wv Wp (science.md 1.2, 2.5). Row-major doubles, sums in a
 * fixed order: equal bits everywhere. */
#ifndef THEORY_PRODUCTS_H
#define THEORY_PRODUCTS_H

#include "model/model.h"

/* Channels that the queries and keys of a layer see: D, and positions where only they do. */
int queried_channels(const struct model *model, int layer);

/* Of a head: M[queried][queried] = Wq Wk', U[D][D] = Wv Wp. Either may be NULL. */
void head_products(double *M, double *U, const struct model *model, const real *weights, int layer,
                   int head);

/* Those of a whole model, a matrix for each weight set and head. */
struct products {
    int sets, heads, D;
    double *at; /* [sets][heads][2][D][D]: QK, VP */
};

enum product { PRODUCT_QK, PRODUCT_VP, PRODUCTS };

/* Whether the products are all that counts: every layer linear, and nothing between the stream and
 * queries, keys and values. */
bool products_fit(const struct model *model);

/* Takes its memory from the arena (at is NULL while measuring). */
struct products products_create(struct arena *arena, const struct model *model);

/* [D][D] of a weight set and head. */
double *products_at(const struct products *products, int set, int head, enum product product);

void products_read(struct products *products, const struct model *model, const real *weights);

/* The same model with key size D, which holds any products. products_fit(model) must hold. */
void products_model(struct model *wide, const struct model *model);

/* wide_weights [wide->parameters] of that model: Wq = QK, Wk = 1, Wv = VP, Wp = 1; all other
 * tensors are those of weights [model->parameters]. */
void products_write(real *wide_weights, const struct model *wide, const struct products *products,
                    const struct model *model, const real *weights);

#endif
