/* Attention head by head: every kind, causal or not. Two products of weights may be merged
 * (merged.h): queries h B_h with the stream itself as keys, and values h A_h that need no
 * projection; both are exact for scores of any kind. */
#include "forms.h"

#include <math.h>

/* What queries and keys, and what values are projected from. */
struct source {
    const real *queried, *valued; /* [T][queried_width], [T][D] */
    int queried_width;
    int from; /* channels before it are 0 */
};

static int zero_channels(const struct model *model, int layer)
{
    const struct model_config *c = &model->config;
    bool kept = !c->embedding && !c->input_mlp && !c->layer_norm && c->positions != POSITIONS_ADDED;
    return layer == 0 && kept ? model->shape.zero_channels : 0;
}

static struct source source(struct pass *pass, int layer)
{
    const struct model *model = pass->model;
    int D = model->D, T = model->shape.tokens;
    struct source s = {pass->stream[layer], pass->stream[layer], D, zero_channels(model, layer)};
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

struct head heads_shape(const struct pass *pass, int layer)
{
    const struct model *model = pass->model;
    const struct merged_layer *m = &pass->merged.layers[layer];
    struct extent e = attention_extent(pass, layer);
    int live = model->D - zero_channels(model, layer);
    return (struct head){.kernels = pass->kernels,
                         .K = m->keys ? live : model->K,
                         .V = m->values ? e.channels : model->K,
                         .first = e.first,
                         .queries = e.rows,
                         .keys = e.keys,
                         .causal = model->config.keys_from == KEYS_CAUSAL};
}

double heads_cost(const struct pass *pass, int layer)
{
    const struct model *model = pass->model;
    const struct merged_layer *m = &pass->merged.layers[layer];
    struct extent e = attention_extent(pass, layer);
    struct head head = heads_shape(pass, layer);
    double live = model->D - zero_channels(model, layer), N = e.keys, rows = e.rows;
    double queries = (m->keys ? rows : rows + N) * live * head.K, values = N * live * head.V;
    double attention = model->kinds[layer] == KIND_LINEAR ? linear_cost(&head) : scores_cost(&head);
    if (model->kinds[layer] == KIND_MESA)
        attention = mesa_cost(&head);
    double again = m->values ? 0 : attention + 3 * rows * model->K * e.channels;
    int products = input_gradient_wanted(pass, layer) ? 4 : 3; /* one forward, one again, dW, dx */
    return model->H * (products * (queries + values) + 3 * attention + again);
}

/* Everything about one layer that its heads share. */
struct view {
    struct pass *pass;
    const struct merged_layer *merged;
    struct source s;
    struct extent e;
    int layer, K, HK;
};

static struct view view_of(struct pass *pass, int layer)
{
    int K = pass->model->K;
    return (struct view){pass,
                         &pass->merged.layers[layer],
                         source(pass, layer),
                         attention_extent(pass, layer),
                         layer,
                         K,
                         pass->model->H * K};
}

/* One of query, key, value of one head: y = x weights. */
struct projection {
    const real *x; /* [rows][width] */
    int rows, width, from, features;
    struct operand weights; /* [width, features] */
    struct matrix dweights; /* the same, shared sums */
};

/* The three matrices of head h as they are learned. */
static struct projection plain(const struct view *v, enum tensor_row row, int h)
{
    const struct pass *pass = v->pass;
    struct projection p = {.x = v->s.queried, .width = v->s.queried_width, .rows = v->e.keys};
    if (row == TENSOR_VALUE) {
        p.x = v->s.valued;
        p.width = pass->model->D;
    }
    if (row == TENSOR_QUERY) {
        p.x += (ptrdiff_t)v->e.first * p.width * LANES;
        p.rows = v->e.rows;
    }
    p.from = v->s.from;
    p.features = v->K;
    p.weights =
        (struct operand){tensor_weights(pass, v->layer, row) + (ptrdiff_t)h * v->K, v->HK, 1};
    p.dweights =
        (struct matrix){tensor_gradient(pass, v->layer, row) + (ptrdiff_t)h * v->K, v->HK, 1};
    return p;
}

static struct projection query_of(const struct view *v, int h)
{
    struct projection p = plain(v, TENSOR_QUERY, h);
    if (v->merged->keys) {
        const struct merged_head *w = merged_head_of(v->pass, v->layer, h);
        p.features = p.width - p.from;
        p.weights = (struct operand){w->B.at + p.from, w->B.row, 1};
        p.dweights = (struct matrix){w->sum_B.at + p.from, w->sum_B.row, 1};
    }
    return p;
}

static struct projection value_of(const struct view *v, int h)
{
    struct projection p = plain(v, TENSOR_VALUE, h);
    if (v->merged->values) {
        const struct merged_head *w = merged_head_of(v->pass, v->layer, h);
        p.features = v->e.channels;
        p.weights = w->A;
        p.dweights = w->sum_A;
    }
    return p;
}

static void project(real *y, const struct pass *pass, const struct projection *p)
{
    const struct operand *W = &p->weights;
    pass->kernels->lanes_shared(written(y, p->features),
                                rows_of(p->x + (ptrdiff_t)p->from * LANES, p->width),
                                (struct operand){W->at + p->from * W->row, W->row, W->column},
                                p->rows, p->features, p->width - p->from, SET);
}

/* dx [rows][D] NULL: not wanted; channels of the positions have none. */
static void project_backward(real *dx, const real *dy, const struct pass *pass,
                             const struct projection *p)
{
    int D = pass->model->D;
    const struct matrix *dW = &p->dweights;
    pass->kernels->reduce((struct matrix){dW->at + p->from * dW->row, dW->row, dW->column},
                          columns_of(p->x + (ptrdiff_t)p->from * LANES, p->width),
                          rows_of(dy, p->features), p->width - p->from, p->features, p->rows, ADD);
    if (dx)
        pass->kernels->lanes_shared(written(dx, D), rows_of(dy, p->features), flipped(p->weights),
                                    p->rows, D, p->features, ADD);
}

static bool unit_length(const struct model *model, int layer)
{
    return model->config.normalise_keys && layer + 1 >= model->config.normalise_from;
}

/* q or k of a head, of length 1 when the layer says so. */
static void project_key(real *y, real *norm, const struct view *v, const struct projection *p)
{
    const struct pass *pass = v->pass;
    bool unit = unit_length(pass->model, v->layer);
    project(unit ? pass->work.raw : y, pass, p);
    for (int t = 0; unit && t < p->rows; t++) {
        ptrdiff_t at = (ptrdiff_t)t * v->K * LANES;
        pass->kernels->unit(y + at, norm + (ptrdiff_t)t * LANES, pass->work.raw + at, v->K);
    }
}

static void project_key_backward(real *dx, const real *dy, const real *y, const real *norm,
                                 const struct view *v, const struct projection *p)
{
    const struct pass *pass = v->pass;
    real *draw = pass->work.raw;
    bool unit = unit_length(pass->model, v->layer);
    for (int t = 0; unit && t < p->rows; t++) {
        ptrdiff_t at = (ptrdiff_t)t * v->K * LANES;
        pass->kernels->unit_backward(draw + at, dy + at, y + at, norm + (ptrdiff_t)t * LANES, SET,
                                     v->K);
    }
    project_backward(dx, unit ? draw : dy, pass, p);
}

/* Where the learned number of head h lies in its tensor. */
static ptrdiff_t parameter_at(const struct kind *kind, int h)
{
    return kind->tensor == TENSOR_LOG_LAMBDA ? h : 0;
}

static const struct vectors *vectors_of(const struct view *v, int h)
{
    return &v->pass->vectors[v->layer * v->pass->model->H + h];
}

static struct head head_of(const struct view *v, int h)
{
    const struct pass *pass = v->pass;
    const struct work *w = &pass->work;
    const struct kind *kind = kind_at(pass->model->kinds[v->layer]);
    struct head head = heads_shape(pass, v->layer);
    const struct vectors *own = vectors_of(v, h);
    head.q = own->q;
    head.k = own->k;
    head.key_stride = v->K;
    if (v->merged->keys) {
        head.k = v->s.queried + (ptrdiff_t)v->s.from * LANES;
        head.key_stride = v->s.queried_width;
    }
    head.v = own->v;
    head.scale = 1 / (real)sqrt((double)v->K); /* correctly rounded everywhere */
    head.scratch = w->head;
    head.state = own->state;
    if (kind->tensor != TENSOR_ROWS) {
        const real *learned = tensor_weights(pass, v->layer, (enum tensor_row)kind->tensor);
        head.parameter = kind->value(pass->kernels, learned[parameter_at(kind, h)]);
    }
    return head;
}

/* Queries, keys and values of head h. */
struct three {
    struct projection query, key, value;
};

static struct three three_of(const struct view *v, int h)
{
    return (struct three){query_of(v, h), plain(v, TENSOR_KEY, h), value_of(v, h)};
}

static void evaluate(const struct view *v, const struct three *p, int h)
{
    const struct vectors *own = vectors_of(v, h);
    project_key(own->q, own->query_norm, v, &p->query);
    if (!v->merged->keys)
        project_key(own->k, own->key_norm, v, &p->key);
    project(own->v, v->pass, &p->value);
}

/* Wp of head h, the columns that are updated. */
static struct operand project_weights(const struct view *v, int h)
{
    int D = v->pass->model->D;
    ptrdiff_t at = (ptrdiff_t)h * v->K * D + v->e.channel;
    return (struct operand){tensor_weights(v->pass, v->layer, TENSOR_PROJECT) + at, D, 1};
}

/* The update of one head, from its vectors.out, onto `out`: row `first`, channel `channel` of a
 * stream. */
static void update(real *out, const struct view *v, int h)
{
    const struct pass *pass = v->pass;
    const struct kernels *kernels = pass->kernels;
    const real *o = vectors_of(v, h)->out;
    int D = pass->model->D, channels = v->e.channels;
    real damping = (real)pass->model->config.damping;
    if (v->merged->values) {
        for (int t = 0; t < v->e.rows; t++)
            kernels->axpy(out + (ptrdiff_t)t * D * LANES, o + (ptrdiff_t)t * channels * LANES, 1,
                          channels);
        return;
    }
    if (damping != 1) {
        kernels->scale(pass->work.dout, o, damping, v->e.rows * v->K);
        o = pass->work.dout;
    }
    kernels->lanes_shared(written(out, D), rows_of(o, v->K), project_weights(v, h), v->e.rows,
                          channels, v->K, ADD);
}

void heads_forward(struct pass *pass, int layer)
{
    struct view v = view_of(pass, layer);
    int D = pass->model->D;
    ptrdiff_t first = (ptrdiff_t)v.e.first * D * LANES;
    real *out = attention_output(pass, layer) + first;
    pass->kernels->copy(out, pass->stream[layer] + first, v.e.rows * D);
    for (int h = 0; h < pass->model->H; h++) {
        struct head head = head_of(&v, h);
        struct three p = three_of(&v, h);
        evaluate(&v, &p, h);
        kind_at(pass->model->kinds[layer])->forward(vectors_of(&v, h)->out, &head);
        update(out + (ptrdiff_t)v.e.channel * LANES, &v, h);
    }
}

/* work.dout and the gradient of Wp of head h, from work.update = damping dstream. */
static void update_backward(const struct view *v, const struct head *head, int h)
{
    const struct pass *pass = v->pass;
    const struct work *w = &pass->work;
    int K = v->K, D = pass->model->D, channels = v->e.channels;
    real *dWp = tensor_gradient(pass, v->layer, TENSOR_PROJECT) + (ptrdiff_t)h * K * D;
    real *out = vectors_of(v, h)->out;
    if (!pass->keeps_outputs[v->layer])
        kind_at(pass->model->kinds[v->layer])->forward(out, head);
    pass->kernels->reduce((struct matrix){dWp + v->e.channel, D, 1}, columns_of(out, K),
                          rows_of(w->update, channels), K, channels, v->e.rows, ADD);
    pass->kernels->lanes_shared(written(w->dout, K), rows_of(w->update, channels),
                                flipped(project_weights(v, h)), v->e.rows, K, channels, SET);
}

/* dx [T][D] (added to) is the gradient of what was projected, or NULL. */
static void head_backward(real *dx, const struct view *v, int h)
{
    const struct pass *pass = v->pass;
    const struct work *w = &pass->work;
    const struct kind *kind = kind_at(pass->model->kinds[v->layer]);
    struct head head = head_of(v, h);
    const struct vectors *own = vectors_of(v, h);
    struct three p = three_of(v, h);
    if (!pass->keeps_projections[v->layer])
        evaluate(v, &p, h);
    bool merged_keys = v->merged->keys, merged_values = v->merged->values;
    if (!merged_values)
        update_backward(v, &head, h);
    real dparameter = 0;
    struct head_gradient g = {w->dq, merged_keys && !dx ? NULL : w->dk, w->dv, &dparameter,
                              merged_values ? w->update : w->dout};
    kind->backward(&g, &head);
    if (kind->tensor != TENSOR_ROWS)
        tensor_gradient(pass, v->layer, (enum tensor_row)kind->tensor)[parameter_at(kind, h)] +=
            dparameter * kind->slope(head.parameter);
    real *dx_query = dx ? dx + (ptrdiff_t)v->e.first * pass->model->D * LANES : NULL;
    project_key_backward(dx_query, w->dq, own->q, own->query_norm, v, &p.query);
    if (!merged_keys)
        project_key_backward(dx, w->dk, own->k, own->key_norm, v, &p.key);
    else if (dx) /* the keys are the stream: no channel of it is 0 where dx is wanted */
        pass->kernels->axpy(dx, w->dk, 1, v->e.keys * pass->model->D);
    project_backward(dx, w->dv, pass, &p.value);
}

void heads_backward(struct pass *pass, int layer)
{
    const struct model *model = pass->model;
    const struct kernels *kernels = pass->kernels;
    struct view v = view_of(pass, layer);
    int D = model->D, T = model->shape.tokens, channels = v.e.channels;
    real damping = v.merged->values ? 1 : (real)model->config.damping; /* A_h has it */
    for (int t = 0; t < v.e.rows; t++)
        kernels->scale(pass->work.update + (ptrdiff_t)t * channels * LANES,
                       pass->dstream + ((ptrdiff_t)(v.e.first + t) * D + v.e.channel) * LANES,
                       damping, channels);
    real *dx = input_gradient_wanted(pass, layer) ? pass->dstream : NULL;
    if (model->config.layer_norm) {
        dx = pass->work.dnormed;
        kernels->fill(dx, 0, T * D);
    }
    for (int h = 0; h < model->H; h++)
        head_backward(dx, &v, h);
    if (model->config.layer_norm)
        norm_backward(pass, pass->dstream, T, layer, TENSOR_NORM_GAIN);
}
