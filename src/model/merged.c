/* The products of weights that the merged forms share over the batch, and their gradients. */
#include "merged.h"

#include <string.h>

#include "pass.h"

static int padded(int columns)
{
    return (columns + LANES - 1) / LANES * LANES;
}

/* ---- which form a layer takes */

static bool mergeable(const struct pass *pass, int layer)
{
    const struct model *model = pass->model;
    const struct model_config *c = &model->config;
    bool unit = c->normalise_keys && layer + 1 >= c->normalise_from;
    bool extra = layer == 0 && c->positions == POSITIONS_QUERY_KEY;
    return pass->path == PASS_FAST && model->kinds[layer] == KIND_LINEAR &&
           c->keys_from == KEYS_CONTEXT && !c->layer_norm && !unit && !extra;
}

/* Multiply-adds forward. */
static double matrix_cost(double D, double H, double N, double rows)
{
    return N * D * D + 2 * H * D * D * D + rows * D * D;
}

static double scores_form_cost(double D, double H, double N, double rows, double channels)
{
    return H * (rows * D * D + rows * N * D + N * D * channels + rows * N * channels);
}

static enum merged_form choose(const struct pass *pass, int layer)
{
    const struct model *model = pass->model;
    if (!mergeable(pass, layer))
        return FORM_HEADS;
    struct extent e = attention_extent(pass, layer);
    double D = model->D, K = model->K, H = model->H, N = e.keys, rows = e.rows;
    double channels = e.channels;
    double by_state = (rows + N) * K * K, by_scores = 2 * rows * N * K;
    double heads = H * (rows * D * K + 2 * N * D * K + rows * K * channels +
                        (by_state < by_scores ? by_state : by_scores));
    double scores = scores_form_cost(D, H, N, rows, channels);
    double matrix = matrix_cost(D, H, N, rows);
    bool whole = e.rows == model->shape.tokens && e.channels == model->D;
    if (whole && matrix < scores && matrix < heads)
        return FORM_MATRIX;
    return scores < heads ? FORM_SCORES : FORM_HEADS;
}

static double merged_cost(const struct pass *pass, int layer)
{
    struct extent e = attention_extent(pass, layer);
    double D = pass->model->D, H = pass->model->H, N = e.keys, rows = e.rows;
    if (pass->merged.layers[layer].form == FORM_MATRIX)
        return matrix_cost(D, H, N, rows);
    return scores_form_cost(D, H, N, rows, e.channels);
}

/* The last two layers become a tail when that is cheaper. */
static void choose_tail(struct pass *pass)
{
    int last = pass->model->L - 1;
    struct merged_layer *layers = pass->merged.layers;
    if (last < 1 || layers[last - 1].form == FORM_HEADS || layers[last].form == FORM_HEADS ||
        !tail_fits(pass))
        return;
    if (tail_cost(pass->model) < merged_cost(pass, last - 1) + merged_cost(pass, last)) {
        layers[last - 1].form = FORM_TAIL;
        layers[last].form = FORM_TAIL_END;
    }
}

/* ---- memory */

static real *lanes(struct arena *arena, int count)
{
    return ARENA_TAKE(arena, real, (size_t)count * LANES);
}

static void create_layer(struct merged_layer *m, const struct extent *e, const struct model *model,
                         struct arena *arena)
{
    int D = model->D, H = model->H;
    if (m->form == FORM_MATRIX) {
        m->S = lanes(arena, D * D);
        m->M = lanes(arena, D * D);
        m->X = lanes(arena, H * D * D);
    }
    if (m->form == FORM_SCORES) {
        m->U = lanes(arena, H * e->rows * D);
        m->P = lanes(arena, H * e->rows * e->keys);
        m->V = lanes(arena, H * e->keys * e->channels);
    }
}

/* The set of a layer must hold the columns of A that the layer updates. */
static void widen(struct merged_set *set, const struct extent *e)
{
    int end = e->channel + e->channels;
    if (set->used) {
        int old = set->channel + set->channels;
        end = end > old ? end : old;
    }
    if (!set->used || e->channel < set->channel)
        set->channel = e->channel;
    set->channels = end - set->channel;
    set->used = true;
}

static void create_set(struct merged_set *set, const struct model *model, struct arena *arena)
{
    int D = model->D, H = model->H;
    set->B = ARENA_TAKE(arena, real, H * D * padded(D));
    set->A = ARENA_TAKE(arena, real, H * D * padded(set->channels));
    set->dB = lanes(arena, H * D * D);
    set->dA = lanes(arena, H * D * set->channels);
}

static void create_scratch(struct merged *m, const struct model *model, struct arena *arena)
{
    int D = model->D, K = model->K, T = model->shape.tokens, N = model->shape.context;
    int most = padded(D > K ? D : K);
    for (int i = 0; i < 3; i++)
        m->lanes[i] = ARENA_TAKE(arena, real, most * most);
    m->sum = ARENA_TAKE(arena, real, D * D);
    m->dM = lanes(arena, D * D);
    m->dX = lanes(arena, D * D);
    m->dS = lanes(arena, D * D);
    m->dU = lanes(arena, T * D);
    m->dP = lanes(arena, T * N);
    m->dV = lanes(arena, N * D);
    m->dinput = lanes(arena, T * D);
}

void merged_create(struct pass *pass, struct arena *arena)
{
    const struct model *model = pass->model;
    struct merged *m = &pass->merged;
    bool any = false;
    for (int l = 0; l < model->L; l++)
        m->layers[l].form = choose(pass, l);
    choose_tail(pass);
    for (int l = 0; l < model->L; l++) {
        struct extent e = attention_extent(pass, l);
        if (m->layers[l].form == FORM_TAIL)
            tail_create(pass, arena);
        if (m->layers[l].form == FORM_HEADS)
            continue;
        create_layer(&m->layers[l], &e, model, arena);
        widen(&m->sets[model->weight_sets == 1 ? 0 : l], &e);
        any = true;
    }
    for (int set = 0; set < model->weight_sets; set++)
        if (m->sets[set].used)
            create_set(&m->sets[set], model, arena);
    if (any)
        create_scratch(m, model, arena);
}

/* ---- products of weights, one column a lane */

/* Rows with padded ends: y[rows][padded columns] = factor x, x(i,j) at i row + j column. */
static void pad(real *y, struct operand x, int rows, int columns, real factor)
{
    int width = padded(columns);
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++)
            y[i * width + j] = factor * x.at[i * x.row + j * x.column];
        for (int j = columns; j < width; j++)
            y[i * width + j] = 0;
    }
}

/* y[rows][columns] = a[rows][inner] x[inner][columns]; x and y padded. */
static void product(real *y, struct operand a, const real *x, int rows, int columns, int inner,
                    const struct kernels *kernels)
{
    int width = padded(columns);
    kernels->lanes_shared((struct matrix){y, LANES, width}, (struct operand){x, LANES, width},
                          (struct operand){a.at, a.column, a.row}, width / LANES, rows, inner, SET);
}

/* The four weight matrices of one head; row strides HK, HK, HK, D. */
struct parts {
    struct operand query, key, value, project;
};

static struct parts parts_of(const struct pass *pass, int set, int h)
{
    const struct model *model = pass->model;
    int K = model->K, HK = model->H * K, D = model->D;
    const struct merged_set *s = &pass->merged.sets[set];
    ptrdiff_t columns = (ptrdiff_t)h * K, rows = (ptrdiff_t)h * K * D + s->channel;
    return (struct parts){{tensor_weights(pass, set, TENSOR_QUERY) + columns, HK, 1},
                          {tensor_weights(pass, set, TENSOR_KEY) + columns, HK, 1},
                          {tensor_weights(pass, set, TENSOR_VALUE) + columns, HK, 1},
                          {tensor_weights(pass, set, TENSOR_PROJECT) + rows, D, 1}};
}

static struct operand transposed(struct operand x)
{
    return (struct operand){x.at, x.column, x.row};
}

void merged_weights(struct pass *pass)
{
    const struct model *model = pass->model;
    struct merged *m = &pass->merged;
    int D = model->D, K = model->K;
    for (int set = 0; set < model->weight_sets; set++)
        for (int h = 0; h < model->H && m->sets[set].used; h++) {
            struct merged_set *s = &m->sets[set];
            struct parts w = parts_of(pass, set, h);
            pad(m->lanes[0], transposed(w.key), K, D, 1);
            product(s->B + (ptrdiff_t)h * D * padded(D), w.query, m->lanes[0], D, D, K,
                    pass->kernels);
            pad(m->lanes[0], w.project, K, s->channels, (real)model->config.damping);
            product(s->A + (ptrdiff_t)h * D * padded(s->channels), w.value, m->lanes[0], D,
                    s->channels, K, pass->kernels);
        }
    if (pass->model->L > 1 && m->layers[model->L - 2].form == FORM_TAIL)
        tail_weights(pass);
}

/* to(i,j) += factor y[i][j] */
static void scatter(real *to, ptrdiff_t row, const real *y, int rows, int columns, real factor)
{
    int width = padded(columns);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            to[i * row + j] += factor * y[i * width + j];
}

/* Sum over lanes of `sums` [count] into m->sum; sums become 0. */
static void collect(const struct pass *pass, real *sums, int count)
{
    real *sum = pass->merged.sum;
    memset(sum, 0, (size_t)count * sizeof *sum);
    pass->kernels->reduce_sum(sum, sums, NULL, count);
    pass->kernels->fill(sums, 0, count);
}

/* B = Wq Wk': dWq += dB Wk, dWk += dB' Wq. */
static void query_key_gradient(struct pass *pass, int set, int h, const struct parts *w)
{
    const struct merged *m = &pass->merged;
    int D = pass->model->D, K = pass->model->K, HK = pass->model->H * K;
    struct operand dB = {m->sum, D, 1};
    collect(pass, m->sets[set].dB + (ptrdiff_t)h * D * D * LANES, D * D);
    pad(m->lanes[0], w->key, D, K, 1);
    product(m->lanes[1], dB, m->lanes[0], D, K, D, pass->kernels);
    scatter(tensor_gradient(pass, set, TENSOR_QUERY) + (ptrdiff_t)h * K, HK, m->lanes[1], D, K, 1);
    pad(m->lanes[0], w->query, D, K, 1);
    product(m->lanes[1], transposed(dB), m->lanes[0], D, K, D, pass->kernels);
    scatter(tensor_gradient(pass, set, TENSOR_KEY) + (ptrdiff_t)h * K, HK, m->lanes[1], D, K, 1);
}

/* A = damping Wv Wp: dWv += damping dA Wp', dWp += damping Wv' dA. */
static void value_project_gradient(struct pass *pass, int set, int h, const struct parts *w)
{
    const struct merged *m = &pass->merged;
    int D = pass->model->D, K = pass->model->K, HK = pass->model->H * K;
    int channel = m->sets[set].channel, channels = m->sets[set].channels;
    real damping = (real)pass->model->config.damping;
    struct operand dA = {m->sum, channels, 1};
    collect(pass, m->sets[set].dA + (ptrdiff_t)h * D * channels * LANES, D * channels);
    pad(m->lanes[0], transposed(w->project), channels, K, damping);
    product(m->lanes[1], dA, m->lanes[0], D, K, channels, pass->kernels);
    scatter(tensor_gradient(pass, set, TENSOR_VALUE) + (ptrdiff_t)h * K, HK, m->lanes[1], D, K, 1);
    pad(m->lanes[0], dA, D, channels, 1);
    product(m->lanes[1], transposed(w->value), m->lanes[0], K, channels, D, pass->kernels);
    scatter(tensor_gradient(pass, set, TENSOR_PROJECT) + (ptrdiff_t)h * K * D + channel, D,
            m->lanes[1], K, channels, damping);
}

void merged_gradient(struct pass *pass)
{
    const struct model *model = pass->model;
    if (model->L > 1 && pass->merged.layers[model->L - 2].form == FORM_TAIL)
        tail_gradient(pass);
    for (int set = 0; set < model->weight_sets; set++)
        for (int h = 0; h < model->H && pass->merged.sets[set].used; h++) {
            struct parts w = parts_of(pass, set, h);
            query_key_gradient(pass, set, h, &w);
            value_project_gradient(pass, set, h, &w);
        }
}
