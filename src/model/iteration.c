#include "iteration.h"

#include "pass.h"

static const real RIDGE = (real).001;

/* All of one token, but for the sums. Vectors are [d], in lanes. */
struct iteration {
    real *M, *A, *C, *norm;        /* [d][d] each, [1] */
    real *x, *term, *image;        /* [L + 1], [L + 1], [L] vectors: x, term, A term of each step */
    real *answer;                  /* C x / |M| */
    real *dx, *dbefore, *dterm;    /* gradients of x, of x one step before, and of term */
    real *work;                    /* a vector */
    real *dstep, *dmomentum, *sum; /* [L], [L] vectors: sums over tokens; [d] numbers */
};

enum status iteration_check(const struct model *model, struct error *err)
{
    const struct model_config *c = &model->config;
    const struct token_shape *given = &model->given;
    bool states = given->width == given->outputs && given->output_tokens == given->tokens;
    const struct need needs[] = {
        {"tokens.kind: raw, and a task.kind of which every token predicts the next one", states},
        {"model.keys_from: causal", c->keys_from == KEYS_CAUSAL},
        {"model.layers: linear*", model_layers_all(c, "linear")},
        {"model.weights: per_layer", c->weights == WEIGHTS_PER_LAYER},
        {"model.heads: 1", c->heads == 1},
        {"model.positions: none", c->positions == POSITIONS_NONE},
        {"model.prefix: 0", c->prefix == 0},
        {"model.eos: 0", c->eos == 0},
        {"model.mlp: 0", c->mlp == 0},
        {"model.input_mlp: 0", c->input_mlp == 0},
        {"model.embedding: 0", c->embedding == 0},
        {"model.output_embedding: false", !c->output_embedding},
        {"model.layer_norm: false", !c->layer_norm},
        {"model.normalise_keys: false", !c->normalise_keys},
        {"model.clip: 0", !(c->clip > 0)},
    };
    return needs_check(model, needs, sizeof needs / sizeof needs[0], err);
}

double iteration_cost(const struct model *model)
{
    double d = model->D, T = model->shape.tokens;
    return T * d * d * (4 + model->L); /* two sums, the norm, each step, the answer */
}

static real *take(struct arena *arena, int rows)
{
    return ARENA_TAKE(arena, real, (size_t)rows * LANES);
}

struct iteration *iteration_create(struct pass *pass, struct arena *arena)
{
    const struct model *model = pass->model;
    int d = model->D, T = model->shape.tokens, L = model->L;
    struct iteration *own = ARENA_TAKE(arena, struct iteration, 1), measured;
    struct iteration *s = own ? own : &measured;
    *s = (struct iteration){.M = take(arena, d * d),
                            .A = take(arena, d * d),
                            .C = take(arena, d * d),
                            .norm = take(arena, 1),
                            .x = take(arena, (L + 1) * d),
                            .term = take(arena, (L + 1) * d),
                            .image = take(arena, L * d),
                            .answer = take(arena, d),
                            .dx = take(arena, d),
                            .dbefore = take(arena, d),
                            .dterm = take(arena, d),
                            .work = take(arena, d),
                            .dstep = take(arena, L * d),
                            .dmomentum = take(arena, L * d),
                            .sum = ARENA_TAKE(arena, real, d)};
    pass->tokens = pass->given = pass->stream[0] = take(arena, T * d);
    for (int l = 1; l <= L && pass->path == PASS_TOKENS; l++)
        pass->stream[l] = take(arena, T * d);
    pass->outputs = take(arena, T * d);
    return own;
}

/* ---- the sums */

static void start(struct pass *pass)
{
    struct iteration *s = pass->iteration;
    int d = pass->model->D;
    pass->kernels->fill(s->M, 0, d * d);
    pass->kernels->fill(s->C, 0, d * d);
    for (int i = 0; i < d; i++)
        pass->kernels->fill(s->M + (ptrdiff_t)i * (d + 1) * LANES, RIDGE, 1);
}

/* The pair that ends with this token comes in. */
static void add_pair(struct pass *pass, int t)
{
    struct iteration *s = pass->iteration;
    int d = pass->model->D, row = d * LANES;
    const real *now = pass->tokens + (ptrdiff_t)t * row, *before = now - row;
    if (t == 0)
        return;
    pass->kernels->lanes_lanes((struct matrix){s->M, row, LANES},
                               (struct operand){before, LANES, 0},
                               (struct operand){before, 0, LANES}, d, d, 1, ADD);
    pass->kernels->lanes_lanes((struct matrix){s->C, row, LANES}, (struct operand){now, LANES, 0},
                               (struct operand){before, 0, LANES}, d, d, 1, ADD);
}

/* ---- one token */

/* y = A x */
static void apply(real *y, struct operand A, const real *x, const struct pass *pass)
{
    int d = pass->model->D;
    pass->kernels->lanes_lanes((struct matrix){y, LANES, LANES}, A,
                               (struct operand){x, LANES, LANES}, d, 1, d, SET);
}

static struct operand plain(const real *A, const struct pass *pass)
{
    return (struct operand){A, pass->model->D * LANES, LANES};
}

static struct operand turned(const real *A, const struct pass *pass)
{
    return (struct operand){A, LANES, pass->model->D * LANES};
}

/* y = x / |M| */
static void divide(real *y, const real *x, const struct pass *pass)
{
    for (int i = 0; i < pass->model->D * LANES; i++)
        y[i] = x[i] / pass->iteration->norm[i % LANES];
}

static real number(const struct pass *pass, int layer, enum tensor_row row)
{
    return *tensor_weights(pass, layer, row);
}

/* x after step l, of l = 0 .. L, or of the one before the first, which was the same. */
static real *x_of(const struct pass *pass, int l)
{
    return pass->iteration->x + (ptrdiff_t)(l > 0 ? l : 0) * pass->model->D * LANES;
}

static void iterate(struct pass *pass, int t)
{
    const struct kernels *k = pass->kernels;
    struct iteration *s = pass->iteration;
    int d = pass->model->D;
    ptrdiff_t row = (ptrdiff_t)d * LANES;
    k->unit(s->A, s->norm, s->M, d * d);
    k->copy(s->x, pass->tokens + t * row, d);
    k->copy(s->term, s->x, d);
    for (int l = 0; l < pass->model->L; l++) {
        real *x = x_of(pass, l + 1), *term = s->term + (l + 1) * row;
        real momentum = number(pass, l, TENSOR_MOMENTUM);
        apply(s->image + l * row, plain(s->A, pass), s->term + l * row, pass);
        k->copy(term, s->term + l * row, d);
        k->axpy(term, s->image + l * row, -number(pass, l, TENSOR_STEP), d);
        k->copy(x, x_of(pass, l), d);
        k->axpy(x, term, 1, d);
        k->axpy(x, x_of(pass, l), momentum, d);
        k->axpy(x, x_of(pass, l - 1), -momentum, d);
        if (pass->stream[l + 1])
            k->copy(pass->stream[l + 1] + t * row, x, d);
    }
}

static void answer(struct pass *pass, int t)
{
    struct iteration *s = pass->iteration;
    iterate(pass, t);
    apply(s->answer, plain(s->C, pass), x_of(pass, pass->model->L), pass);
    divide(pass->outputs + (ptrdiff_t)t * pass->model->D * LANES, s->answer, pass);
}

/* dy [d]: the gradient of the answer. Goes from the last step to the first, with dx that of x after
 * the step, dbefore what is known of that before it. */
static void unwind(struct pass *pass, const real *dy)
{
    const struct kernels *k = pass->kernels;
    struct iteration *s = pass->iteration;
    int d = pass->model->D;
    ptrdiff_t row = (ptrdiff_t)d * LANES;
    divide(s->work, dy, pass);
    apply(s->dx, turned(s->C, pass), s->work, pass);
    k->fill(s->dbefore, 0, d);
    k->fill(s->dterm, 0, d);
    for (int l = pass->model->L - 1; l >= 0; l--) {
        real momentum = number(pass, l, TENSOR_MOMENTUM);
        k->copy(s->work, x_of(pass, l), d);
        k->axpy(s->work, x_of(pass, l - 1), -1, d);
        k->multiply(s->dmomentum + l * row, s->dx, s->work, ADD, d);
        k->axpy(s->dterm, s->dx, 1, d);
        k->multiply(s->dstep + l * row, s->dterm, s->image + l * row, SUBTRACT, d);
        apply(s->work, turned(s->A, pass), s->dterm, pass);
        k->axpy(s->dterm, s->work, -number(pass, l, TENSOR_STEP), d);
        k->axpy(s->dbefore, s->dx, 1 + momentum, d); /* now all of x before the step */
        k->scale(s->dx, s->dx, -momentum, d);
        real *dx = s->dbefore;
        s->dbefore = s->dx;
        s->dx = dx;
    }
}

/* ---- all tokens */

static void walk(struct pass *pass, const real *doutputs)
{
    bool lagged = pass->model->config.pairs == PAIRS_LAGGED;
    ptrdiff_t row = (ptrdiff_t)pass->model->D * LANES;
    start(pass);
    for (int t = 0; t < pass->model->shape.tokens; t++) {
        if (!lagged)
            add_pair(pass, t);
        if (doutputs) {
            iterate(pass, t);
            unwind(pass, doutputs + t * row);
        } else {
            answer(pass, t);
        }
        if (lagged)
            add_pair(pass, t);
    }
}

void iteration_forward(struct pass *pass)
{
    walk(pass, NULL);
}

/* Sum over lanes and channels of [d]. */
static real total(struct pass *pass, const real *x)
{
    struct iteration *s = pass->iteration;
    int d = pass->model->D;
    real sum = 0;
    for (int i = 0; i < d; i++)
        s->sum[i] = 0;
    pass->kernels->reduce_sum(s->sum, x, NULL, d);
    for (int i = 0; i < d; i++)
        sum += s->sum[i];
    return sum;
}

void iteration_backward(struct pass *pass, const real *doutputs)
{
    struct iteration *s = pass->iteration;
    int d = pass->model->D, L = pass->model->L;
    pass->kernels->fill(s->dstep, 0, L * d);
    pass->kernels->fill(s->dmomentum, 0, L * d);
    walk(pass, doutputs);
    for (int l = 0; l < L; l++) {
        ptrdiff_t at = (ptrdiff_t)l * d * LANES;
        *tensor_gradient(pass, l, TENSOR_STEP) += total(pass, s->dstep + at);
        *tensor_gradient(pass, l, TENSOR_MOMENTUM) += total(pass, s->dmomentum + at);
    }
}
