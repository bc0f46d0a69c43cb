/* gd.h - models that are gradient descent by construction (science.md 1.2, 1.6), and train the
 * rest:
 *
 *   mlp_gd  a transformer whose attention is constructed and frozen: what lies before it trains;
 *   gdpp    a transformer with Wq = Wk = diag(1_d, 0), Wv = diag(value_x 1_d, value_y 1_O),
 *           Wp = diag(project_x 1_d, project_y 1_O): four numbers a layer, which are its tensors.
 *
 * The weights of the transformer behind gdpp are constants or copies of its numbers, so that a pass
 * over it needs nothing of its own: it is given weights that are copies, and adds the gradients of
 * the copies up.
 */
#ifndef MODEL_GD_H
#define MODEL_GD_H

#include "tensors.h"

/* What a kind of model asks of the other keys: the first that is not met is ERR_CONFIG "model.kind:
 * gdpp needs ...". */
struct need {
    const char *need;
    bool met;
};

enum status needs_check(const struct model *model, const struct need *needs, size_t count,
                        struct error *err) MUST_CHECK;

/* Whether such a model can be made of these keys. */
enum status gd_check(const struct model *model, struct error *err) MUST_CHECK;

/* Whether the tensors of this row are constructed, not drawn; and whether they stay so. */
bool gd_constructs(const struct model *model, enum tensor_row row);
bool gd_freezes(const struct model *model, enum tensor_row row);

/* Writes a tensor as it is in gradient descent with this rate; its memory is 0. */
void gd_construct(real *weights, const struct tensor *tensor, const struct model *model,
                  double rate);

/* The transformer behind a model of fewer parameters. */
struct copies {
    struct model transformer;
    real *weights;  /* [transformer.parameters] */
    int *parameter; /* [transformer.parameters] place of what is copied; -1: a constant */
};

/* false: the model is its own transformer, which is not written. */
bool copies_transformer(struct model *transformer, const struct model *model);

/* Takes its memory from the arena (NULL while measuring). */
struct copies *copies_create(struct arena *arena, const struct model *model,
                             const struct model *transformer);

/* copies->weights from the parameters. */
void copies_weights(struct copies *copies, const real *parameters);

#endif
