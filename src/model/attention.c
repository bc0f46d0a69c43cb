/* One attention layer: h <- clip(h + damping concat_heads(A v) Wp), science.md 1.1. */
#include "pass.h"

/* What queries and keys, and what values are projected from. */
struct source {
    const real *queried, *valued; /* [T][queried_width], [T][D] */
    int queried_width;
    int from; /* channels before it are 0 */
};

struct extent attention_extent(const struct pass *pass, int layer)
{
    const struct model *model = pass->model;
    const struct token_shape *shape = &model->shape;
    struct extent e = {.rows = shape->tokens, .channels = model->D};
    bool last = layer == model->L - 1 && !pass->keep_all;
    if (last) {
        e.first = kind_at(model->kinds[layer])->whole ? 0 : shape->first_token;
        e.rows = shape->first_token + shape->output_tokens - e.first;
    }
    e.keys = model->config.keys_from == KEYS_CAUSAL ? e.first + e.rows : shape->context;
    bool read = last && pass->path == PASS_FAST && !model->config.output_embedding &&
                model->config.mlp == 0;
    if (model->config.y_update || read) {
        e.channel = shape->first_channel;
        e.channels = shape->outputs;
    }
    return e;
}

real *attention_output(const struct pass *pass, int layer)
{
    return pass->model->config.mlp ? pass->middle[layer] : pass->stream[layer + 1];
}

/* Leading channels of the stream at layer 0 that are 0 because those of the tokens are. */
static int zero_channels(const struct model *model)
{
    const struct model_config *c = &model->config;
    bool kept = !c->embedding && !c->input_mlp && !c->layer_norm && c->positions != POSITIONS_ADDED;
    return kept ? model->shape.zero_channels : 0;
}

static struct source source(struct pass *pass, int layer)
{
    const struct model *model = pass->model;
    int D = model->D, T = model->shape.tokens;
    struct source s = {pass->stream[layer], pass->stream[layer], D, 0};
    if (layer == 0)
        s.from = zero_channels(model);
    if (model->config.layer_norm) {
        norm_forward(pass, pass->stream[layer], T, layer, TENSOR_NORM_GAIN);
        s.queried = s.valued = pass->work.normed;
    }
    if (layer == 0 && model->config.positions == POSITIONS_QUERY_KEY) {
        s.queried_width = D + model->config.position_size;
        for (int t = 0; t < T; t++)
            pass->kernels->copy(pass->work.queried + (ptrdiff_t)t * s.queried_width * LANES,
                                s.valued + (ptrdiff_t)t * D * LANES, D);
        s.queried = pass->work.queried;
    }
    return s;
}

/* One of query, key, value of one head. */
struct projection {
    const real *x; /* [rows][width] */
    int rows, width, from;
    const real *weights; /* of the head, [width] rows of HK */
    real *gradient;
};

static struct projection projection(const struct pass *pass, const struct source *s,
                                    const struct extent *e, enum tensor_row row, int layer, int h)
{
    struct projection p = {.x = s->queried, .width = s->queried_width, .rows = e->keys};
    if (row == TENSOR_VALUE) {
        p.x = s->valued;
        p.width = pass->model->D;
    }
    if (row == TENSOR_QUERY) {
        p.x += (ptrdiff_t)e->first * p.width * LANES;
        p.rows = e->rows;
    }
    p.from = s->from;
    p.weights = tensor_weights(pass, layer, row) + (ptrdiff_t)h * pass->model->K;
    p.gradient = tensor_gradient(pass, layer, row) + (ptrdiff_t)h * pass->model->K;
    return p;
}

static void project(real *y, const struct pass *pass, const struct projection *p)
{
    int K = pass->model->K, HK = pass->model->H * K;
    pass->kernels->lanes_shared(written(y, K), rows_of(p->x + (ptrdiff_t)p->from * LANES, p->width),
                                (struct operand){p->weights + (ptrdiff_t)p->from * HK, HK, 1},
                                p->rows, K, p->width - p->from, SET);
}

/* dx [rows][D] NULL: not wanted; channels of the positions have none. */
static void project_backward(real *dx, const real *dy, const struct pass *pass,
                             const struct projection *p)
{
    int K = pass->model->K, HK = pass->model->H * K, D = pass->model->D;
    pass->kernels->reduce((struct matrix){p->gradient + (ptrdiff_t)p->from * HK, HK, 1},
                          columns_of(p->x + (ptrdiff_t)p->from * LANES, p->width), rows_of(dy, K),
                          p->width - p->from, K, p->rows, ADD);
    if (dx)
        pass->kernels->lanes_shared(written(dx, D), rows_of(dy, K),
                                    (struct operand){p->weights, 1, HK}, p->rows, D, K, ADD);
}

static bool unit_length(const struct model *model, int layer)
{
    return model->config.normalise_keys && layer + 1 >= model->config.normalise_from;
}

/* y[rows][K] from raw[rows][K], norm[rows] */
static void unit_rows(real *y, real *norm, const real *raw, const struct pass *pass, int rows)
{
    int K = pass->model->K;
    for (int t = 0; t < rows; t++) {
        ptrdiff_t at = (ptrdiff_t)t * K * LANES;
        pass->kernels->unit(y + at, norm + (ptrdiff_t)t * LANES, raw + at, K);
    }
}

/* q or k of a head, of length 1 when the layer says so. */
static void project_key(real *y, real *norm, const struct pass *pass, const struct projection *p,
                        int layer)
{
    if (!unit_length(pass->model, layer)) {
        project(y, pass, p);
        return;
    }
    project(pass->work.raw, pass, p);
    unit_rows(y, norm, pass->work.raw, pass, p->rows);
}

static void project_key_backward(real *dx, const real *dy, const real *y, const real *norm,
                                 const struct pass *pass, const struct projection *p, int layer)
{
    int K = pass->model->K;
    real *draw = pass->work.raw;
    if (unit_length(pass->model, layer)) {
        for (int t = 0; t < p->rows; t++) {
            ptrdiff_t at = (ptrdiff_t)t * K * LANES;
            pass->kernels->unit_backward(draw + at, dy + at, y + at, norm + (ptrdiff_t)t * LANES,
                                         SET, K);
        }
        dy = draw;
    }
    project_backward(dx, dy, pass, p);
}

/* Where the learned number of head h lies in its tensor. */
static ptrdiff_t parameter_at(const struct kind *kind, int h)
{
    return kind->tensor == TENSOR_LOG_LAMBDA ? h : 0;
}

static struct head head_of(const struct pass *pass, const struct extent *e, int layer, int h)
{
    const struct work *w = &pass->work;
    const struct kind *kind = kind_at(pass->model->kinds[layer]);
    struct head head = {.kernels = pass->kernels,
                        .K = pass->model->K,
                        .first = e->first,
                        .queries = e->rows,
                        .keys = e->keys,
                        .causal = pass->model->config.keys_from == KEYS_CAUSAL,
                        .q = w->q,
                        .k = w->k,
                        .v = w->v,
                        .scratch = w->head};
    if (kind->tensor != TENSOR_ROWS) {
        const real *learned = tensor_weights(pass, layer, (enum tensor_row)kind->tensor);
        head.parameter = kind->value(pass->kernels, learned[parameter_at(kind, h)]);
    }
    return head;
}

/* Queries, keys, values and output of head h into work. */
struct three {
    struct projection query, key, value;
};

static struct three evaluate(const struct pass *pass, const struct source *s,
                             const struct extent *e, const struct head *head, int layer, int h)
{
    const struct work *w = &pass->work;
    struct three p = {projection(pass, s, e, TENSOR_QUERY, layer, h),
                      projection(pass, s, e, TENSOR_KEY, layer, h),
                      projection(pass, s, e, TENSOR_VALUE, layer, h)};
    project_key(w->q, w->query_norm, pass, &p.query, layer);
    project_key(w->k, w->key_norm, pass, &p.key, layer);
    project(w->v, pass, &p.value);
    kind_at(pass->model->kinds[layer])->forward(w->out, head);
    return p;
}

/* Wp of head h, the columns that are updated. */
static struct operand project_weights(const struct pass *pass, const struct extent *e, int layer,
                                      int h)
{
    ptrdiff_t at = (ptrdiff_t)h * pass->model->K * pass->model->D + e->channel;
    return (struct operand){tensor_weights(pass, layer, TENSOR_PROJECT) + at, pass->model->D, 1};
}

static void heads_forward(struct pass *pass, int layer)
{
    const struct model *model = pass->model;
    const struct kernels *kernels = pass->kernels;
    int D = model->D, K = model->K;
    struct extent e = attention_extent(pass, layer);
    struct source s = source(pass, layer);
    ptrdiff_t first = (ptrdiff_t)e.first * D * LANES;
    real *out = attention_output(pass, layer) + first;
    kernels->copy(out, pass->stream[layer] + first, e.rows * D);
    for (int h = 0; h < model->H; h++) {
        struct head head = head_of(pass, &e, layer, h);
        evaluate(pass, &s, &e, &head, layer, h);
        if (model->config.damping != 1)
            kernels->scale(pass->work.out, pass->work.out, (real)model->config.damping, e.rows * K);
        kernels->lanes_shared(written(out + (ptrdiff_t)e.channel * LANES, D),
                              rows_of(pass->work.out, K), project_weights(pass, &e, layer, h),
                              e.rows, e.channels, K, ADD);
    }
}

/* work.dout and the gradient of Wp of head h, from work.update = damping dstream. */
static void project_out_backward(const struct pass *pass, const struct extent *e, int layer, int h)
{
    const struct work *w = &pass->work;
    int K = pass->model->K, D = pass->model->D;
    struct operand Wp = project_weights(pass, e, layer, h);
    real *dWp = tensor_gradient(pass, layer, TENSOR_PROJECT) + (ptrdiff_t)h * K * D + e->channel;
    pass->kernels->reduce((struct matrix){dWp, D, 1}, columns_of(w->out, K),
                          rows_of(w->update, e->channels), K, e->channels, e->rows, ADD);
    pass->kernels->lanes_shared(written(w->dout, K), rows_of(w->update, e->channels),
                                (struct operand){Wp.at, Wp.column, Wp.row}, e->rows, K, e->channels,
                                SET);
}

static void head_backward(const struct pass *pass, const struct head *head, int layer, int h)
{
    const struct work *w = &pass->work;
    const struct kind *kind = kind_at(pass->model->kinds[layer]);
    real dparameter = 0;
    struct head_gradient gradient = {w->dq, w->dk, w->dv, &dparameter, w->dout};
    kind->backward(&gradient, head);
    if (kind->tensor != TENSOR_ROWS)
        tensor_gradient(pass, layer, (enum tensor_row)kind->tensor)[parameter_at(kind, h)] +=
            dparameter * kind->slope(head->parameter);
}

/* dx [T][D] (added to) is the gradient of what was projected, or NULL. */
static void all_heads_backward(struct pass *pass, real *dx, const struct extent *e, int layer)
{
    const struct model *model = pass->model;
    const struct work *w = &pass->work;
    struct source s = source(pass, layer);
    for (int h = 0; h < model->H; h++) {
        struct head head = head_of(pass, e, layer, h);
        struct three p = evaluate(pass, &s, e, &head, layer, h);
        project_out_backward(pass, e, layer, h);
        head_backward(pass, &head, layer, h);
        real *dx_query = dx ? dx + (ptrdiff_t)e->first * model->D * LANES : NULL;
        project_key_backward(dx_query, w->dq, w->q, w->query_norm, pass, &p.query, layer);
        project_key_backward(dx, w->dk, w->k, w->key_norm, pass, &p.key, layer);
        project_backward(dx, w->dv, pass, &p.value);
    }
}

static void heads_backward(struct pass *pass, int layer)
{
    const struct model *model = pass->model;
    const struct kernels *kernels = pass->kernels;
    int D = model->D, T = model->shape.tokens;
    struct extent e = attention_extent(pass, layer);
    for (int t = 0; t < e.rows; t++)
        kernels->scale(pass->work.update + (ptrdiff_t)t * e.channels * LANES,
                       pass->dstream + ((ptrdiff_t)(e.first + t) * D + e.channel) * LANES,
                       (real)model->config.damping, e.channels);
    if (model->config.layer_norm) {
        kernels->fill(pass->work.dnormed, 0, T * D);
        all_heads_backward(pass, pass->work.dnormed, &e, layer);
        norm_backward(pass, pass->dstream, T, layer, TENSOR_NORM_GAIN);
    } else {
        bool wanted = layer > 0 || pass->path == PASS_TOKENS || input_learns(model);
        all_heads_backward(pass, wanted ? pass->dstream : NULL, &e, layer);
    }
}

static void nothing(struct pass *pass, int layer)
{
    (void)pass, (void)layer;
}

/* The ways to evaluate a layer; merged.h says when which is taken. */
static const struct {
    void (*forward)(struct pass *pass, int layer);
    void (*backward)(struct pass *pass, int layer);
} forms[] = {
    [FORM_HEADS] = {heads_forward, heads_backward},
    [FORM_MATRIX] = {matrix_forward, matrix_backward},
    [FORM_SCORES] = {lines_forward, lines_backward},
    [FORM_TAIL] = {tail_forward, tail_backward},
    [FORM_TAIL_END] = {nothing, nothing},
};

void attention_forward(struct pass *pass, int layer)
{
    struct extent e = attention_extent(pass, layer);
    forms[pass->merged.layers[layer].form].forward(pass, layer);
    clip_forward(pass, attention_output(pass, layer), &e);
}

void attention_backward(struct pass *pass, int layer)
{
    struct extent e = attention_extent(pass, layer);
    clip_backward(pass, pass->dstream, attention_output(pass, layer), &e);
    forms[pass->merged.layers[layer].form].backward(pass, layer);
}

int attention_scratch(const struct model *model)
{
    const struct token_shape *shape = &model->shape;
    int most = 1;
    for (int l = 0; l < model->L; l++) {
        struct head head = {.K = model->K,
                            .queries = shape->tokens,
                            .keys = shape->tokens,
                            .causal = model->config.keys_from == KEYS_CAUSAL};
        int need = kind_at(model->kinds[l])->scratch(&head);
        most = need > most ? need : most;
    }
    return most;
}
