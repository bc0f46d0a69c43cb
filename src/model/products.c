/* The products of weights that the merged forms share over the batch, and their gradients: shared
 * matrices with padded rows, one column a lane. */
#include <string.h>

#include "forms.h"

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

/* B_h = Wq Wk' and A_h = damping Wv Wp, and the padded copies that gradients want. */
static void head_weights(struct pass *pass, int set, int h)
{
    const struct model *model = pass->model;
    struct merged_set *s = &pass->merged.sets[set];
    real *lanes = pass->merged.lanes[0], damping = (real)model->config.damping;
    int D = model->D, K = model->K, channels = s->channels;
    struct parts w = parts_of(pass, set, h);
    if (s->keys) {
        pad(lanes, flipped(w.key), K, D, 1);
        product(s->B + (ptrdiff_t)h * D * padded(D), w.query, lanes, D, D, K, pass->kernels);
        pad(s->query + (ptrdiff_t)h * D * padded(K), w.query, D, K, 1);
        pad(s->key + (ptrdiff_t)h * D * padded(K), w.key, D, K, 1);
    }
    if (s->values) {
        pad(lanes, w.project, K, channels, damping);
        product(s->A + (ptrdiff_t)h * D * padded(channels), w.value, lanes, D, channels, K,
                pass->kernels);
        pad(s->project + (ptrdiff_t)h * channels * padded(K), flipped(w.project), channels, K,
            damping);
    }
}

void merged_weights(struct pass *pass)
{
    const struct model *model = pass->model;
    for (int set = 0; set < model->weight_sets; set++)
        for (int h = 0; h < model->H && pass->merged.sets[set].used; h++)
            head_weights(pass, set, h);
    if (model->L > 1 && pass->merged.layers[model->L - 2].form == FORM_TAIL)
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

/* Adds the sums that are kept in lanes to the shared ones. */
static void collect(const struct pass *pass, int set)
{
    const struct merged_set *s = &pass->merged.sets[set];
    int D = pass->model->D, H = pass->model->H;
    for (int h = 0; h < H && s->outer; h++) {
        const struct merged_head *w = merged_head_of(pass, set, h);
        outer_end(&w->outer_B, pass->kernels);
        outer_end(&w->outer_A, pass->kernels);
    }
    pass->kernels->reduce_sum(s->sum_B, s->dB, NULL, H * D * D);
    pass->kernels->fill(s->dB, 0, H * D * D);
    pass->kernels->reduce_sum(s->sum_A, s->dA, NULL, H * D * s->channels);
    pass->kernels->fill(s->dA, 0, H * D * s->channels);
}

/* dWq += dB Wk, dWk += dB' Wq. */
static void query_key_gradient(struct pass *pass, int set, int h)
{
    const struct merged_set *s = &pass->merged.sets[set];
    real *y = pass->merged.lanes[1];
    int D = pass->model->D, K = pass->model->K, HK = pass->model->H * K;
    ptrdiff_t head = (ptrdiff_t)h * D * padded(K), columns = (ptrdiff_t)h * K;
    struct operand dB = {s->sum_B + (ptrdiff_t)h * D * D, D, 1};
    product(y, dB, s->key + head, D, K, D, pass->kernels);
    scatter(tensor_gradient(pass, set, TENSOR_QUERY) + columns, HK, y, D, K, 1);
    product(y, flipped(dB), s->query + head, D, K, D, pass->kernels);
    scatter(tensor_gradient(pass, set, TENSOR_KEY) + columns, HK, y, D, K, 1);
}

/* dWv += damping dA Wp', dWp += damping Wv' dA. */
static void value_project_gradient(struct pass *pass, int set, int h)
{
    const struct merged_set *s = &pass->merged.sets[set];
    real *x = pass->merged.lanes[0], *y = pass->merged.lanes[1];
    int D = pass->model->D, K = pass->model->K, HK = pass->model->H * K, channels = s->channels;
    struct operand dA = {s->sum_A + (ptrdiff_t)h * D * channels, channels, 1};
    product(y, dA, s->project + (ptrdiff_t)h * channels * padded(K), D, K, channels, pass->kernels);
    scatter(tensor_gradient(pass, set, TENSOR_VALUE) + (ptrdiff_t)h * K, HK, y, D, K, 1);
    pad(x, dA, D, channels, 1);
    product(y, flipped(parts_of(pass, set, h).value), x, K, channels, D, pass->kernels);
    scatter(tensor_gradient(pass, set, TENSOR_PROJECT) + (ptrdiff_t)h * K * pass->model->D +
                s->channel,
            D, y, K, channels, (real)pass->model->config.damping);
}

/* total += sum, and sum = 0. */
static void add_up(double *total, real *sum, int n)
{
    for (int i = 0; i < n; i++) {
        total[i] += (double)sum[i];
        sum[i] = 0;
    }
}

void merged_super_group(struct pass *pass)
{
    const struct model *model = pass->model;
    int D = model->D, H = model->H;
    if (model->L > 1 && pass->merged.layers[model->L - 2].form == FORM_TAIL)
        tail_gradient(pass);
    for (int set = 0; set < model->weight_sets; set++) {
        struct merged_set *s = &pass->merged.sets[set];
        if (s->used && s->lanes)
            collect(pass, set);
        if (s->used) {
            add_up(s->total_B, s->sum_B, H * D * D);
            add_up(s->total_A, s->sum_A, H * D * s->channels);
        }
    }
}

/* sum = total, rounded, and total = 0. */
static void take_total(real *sum, double *total, int n)
{
    for (int i = 0; i < n; i++) {
        sum[i] = (real)total[i];
        total[i] = 0;
    }
}

static void set_gradient(struct pass *pass, int set)
{
    struct merged_set *s = &pass->merged.sets[set];
    int D = pass->model->D, H = pass->model->H;
    take_total(s->sum_B, s->total_B, H * D * D);
    take_total(s->sum_A, s->total_A, H * D * s->channels);
    for (int h = 0; h < H; h++) {
        if (s->keys)
            query_key_gradient(pass, set, h);
        if (s->values)
            value_project_gradient(pass, set, h);
    }
    memset(s->sum_B, 0, sizeof(real) * (size_t)(H * D * D));
    memset(s->sum_A, 0, sizeof(real) * (size_t)(H * D * s->channels));
}

void merged_gradient(struct pass *pass)
{
    for (int set = 0; set < pass->model->weight_sets; set++)
        if (pass->merged.sets[set].used)
            set_gradient(pass, set);
}
