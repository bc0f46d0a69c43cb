/* definition.h - the transformer of science.md 1.1, 2.2 and 2.6 for one task, definition by
 * definition: plain loops in double, every token through every layer. What the passes must equal.
 */
#ifndef TESTS_DEFINITION_H
#define TESTS_DEFINITION_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

enum { DEFINITION_ROOM = 4096 };

static inline const real *definition_tensor(const struct model *model, const real *weights,
                                            int layer, const char *name)
{
    int set = layer > 0 && model->weight_sets == 1 ? 0 : layer;
    for (int i = 0; i < model->tensor_count; i++)
        if (model->tensors[i].layer == set && strcmp(model->tensors[i].name, name) == 0)
            return weights + model->tensors[i].offset;
    return NULL;
}

/* y[n,columns] = x[n,rows] W[rows,columns] (+ bias) */
static inline void definition_product(double *y, const double *x, const real *W, const real *bias,
                                      int n, int rows, int columns)
{
    for (int t = 0; t < n; t++)
        for (int j = 0; j < columns; j++) {
            double sum = bias ? (double)bias[j] : 0;
            for (int i = 0; i < rows; i++)
                sum += x[t * rows + i] * (double)W[i * columns + j];
            y[t * columns + j] = sum;
        }
}

static inline void definition_norm(double *y, const double *x, const real *gain, const real *bias,
                                   int n, int D)
{
    for (int t = 0; t < n; t++, x += D, y += D) {
        double mean = 0, variance = 0;
        for (int i = 0; i < D; i++)
            mean += x[i] / D;
        for (int i = 0; i < D; i++)
            variance += (x[i] - mean) * (x[i] - mean) / D;
        for (int i = 0; i < D; i++)
            y[i] = (x[i] - mean) / sqrt(variance + 1e-5) * (double)gain[i] + (double)bias[i];
    }
}

static inline double definition_gelu(double x)
{
    return x / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (x + .044715 * x * x * x)));
}

/* x <- clip(x + damping update), on the channels that are updated. */
static inline void definition_residual(double *x, const double *update, const struct model *model)
{
    const struct model_config *c = &model->config;
    for (int t = 0; t < model->shape.tokens; t++)
        for (int i = 0; i < model->D; i++) {
            double *at = x + t * model->D + i;
            bool is_y = i >= model->shape.first_channel &&
                        i < model->shape.first_channel + model->shape.outputs;
            if (!c->y_update || is_y)
                *at += c->damping * update[t * model->D + i];
            if (c->clip > 0)
                *at = fmin(fmax(*at, -c->clip), c->clip);
        }
}

/* Scores of token t for the keys that it sees become the weights of the values. */
static inline void definition_weigh(double *a, int n, const char *kind, int K, double gate)
{
    double most = -INFINITY, sum = 0, scale = 1 / sqrt(K);
    double g = strcmp(kind, "softmax") == 0 ? 1 : strcmp(kind, "mix") == 0 ? gate : 0;
    for (int s = 0; s < n; s++)
        most = fmax(most, a[s] * scale);
    for (int s = 0; s < n; s++)
        sum += exp(a[s] * scale - most);
    for (int s = 0; s < n; s++)
        a[s] = g * exp(a[s] * scale - most) / sum + (1 - g) * a[s];
}

/* Solves A x = b, A[n][n] symmetric positive definite; both are overwritten, b becomes x. */
static inline void definition_solve(double *A, double *b, int n)
{
    for (int i = 0; i < n; i++)
        for (int r = i + 1; r < n; r++) {
            double f = A[r * n + i] / A[i * n + i];
            for (int j = i; j < n; j++)
                A[r * n + j] -= f * A[i * n + j];
            b[r] -= f * b[i];
        }
    for (int i = n - 1; i >= 0; i--) {
        for (int j = i + 1; j < n; j++)
            b[i] -= A[i * n + j] * b[j];
        b[i] /= A[i * n + i];
    }
}

/* out = V'K (K'K + I/lambda)^-1 q over the first n keys; rows are `stride` apart. */
static inline void definition_mesa(double *out, const double *q, const double *k, const double *v,
                                   int n, int K, int stride, double lambda)
{
    double A[DEFINITION_ROOM], x[64];
    for (int i = 0; i < K; i++) {
        x[i] = q[i];
        for (int j = 0; j < K; j++) {
            A[i * K + j] = i == j ? 1 / lambda : 0;
            for (int s = 0; s < n; s++)
                A[i * K + j] += k[s * stride + i] * k[s * stride + j];
        }
    }
    definition_solve(A, x, K);
    memset(out, 0, (size_t)K * sizeof *out);
    for (int s = 0; s < n; s++) {
        double score = 0;
        for (int i = 0; i < K; i++)
            score += k[s * stride + i] * x[i];
        for (int i = 0; i < K; i++)
            out[i] += score * v[s * stride + i];
    }
}

static inline void definition_unit(double *x, int K)
{
    double sum = 1e-12;
    for (int i = 0; i < K; i++)
        sum += x[i] * x[i];
    for (int i = 0; i < K; i++)
        x[i] /= sqrt(sum);
}

/* One head of one layer at token t. */
static inline void definition_attend(double *out, const double *q, const double *k, const double *v,
                                     const struct model *model, const real *weights, int layer,
                                     int h, int t, const char *kind)
{
    int K = model->K, HK = model->H * K;
    int n = model->config.keys_from == KEYS_CAUSAL ? t + 1 : model->shape.context;
    if (strcmp(kind, "mesa") == 0) {
        double lambda = exp((double)definition_tensor(model, weights, layer, "log_lambda")[h]);
        definition_mesa(out, q, k, v, n, K, HK, lambda);
        return;
    }
    const real *learned = definition_tensor(model, weights, layer, "gate");
    double a[DEFINITION_ROOM], gate = learned ? 1 / (1 + exp(-10 * (double)*learned)) : 0;
    for (int s = 0; s < n; s++) {
        a[s] = 0;
        for (int i = 0; i < K; i++)
            a[s] += q[i] * k[s * HK + i];
    }
    definition_weigh(a, n, kind, K, gate);
    memset(out, 0, (size_t)K * sizeof *out);
    for (int s = 0; s < n; s++)
        for (int i = 0; i < K; i++)
            out[i] += a[s] * v[s * HK + i];
}

static inline double definition_position(int t, int i, int P, double base)
{
    double angle = t / pow(base, (double)(i - i % 2) / P);
    return i % 2 == 0 ? sin(angle) : cos(angle);
}

/* x [T][D] after attention of the layer; kinds: one word a layer. */
static inline void definition_attention(double *x, const struct model *model, const real *weights,
                                        int layer, const char *kind)
{
    const struct model_config *c = &model->config;
    int T = model->shape.tokens, D = model->D, K = model->K, HK = model->H * K;
    int P = layer == 0 && c->positions == POSITIONS_QUERY_KEY ? c->position_size : 0, W = D + P;
    double *s = calloc(9 * DEFINITION_ROOM, sizeof *s), *sp = s + DEFINITION_ROOM;
    double *q = sp + 2 * DEFINITION_ROOM, *k = q + DEFINITION_ROOM, *v = k + DEFINITION_ROOM;
    double *o = v + DEFINITION_ROOM, *update = o + DEFINITION_ROOM;
    memcpy(s, x, sizeof(double) * (size_t)(T * D));
    if (c->layer_norm)
        definition_norm(s, x, definition_tensor(model, weights, layer, "norm_gain"),
                        definition_tensor(model, weights, layer, "norm_bias"), T, D);
    for (int t = 0; t < T; t++)
        for (int i = 0; i < W; i++)
            sp[t * W + i] =
                i < D ? s[t * D + i] : definition_position(t, i - D, P, c->position_base);
    definition_product(q, sp, definition_tensor(model, weights, layer, "query"), NULL, T, W, HK);
    definition_product(k, sp, definition_tensor(model, weights, layer, "key"), NULL, T, W, HK);
    definition_product(v, s, definition_tensor(model, weights, layer, "value"), NULL, T, D, HK);
    for (int i = 0; i < T * model->H && c->normalise_keys && layer + 1 >= c->normalise_from; i++) {
        definition_unit(q + i * K, K);
        definition_unit(k + i * K, K);
    }
    for (int t = 0; t < T; t++)
        for (int h = 0; h < model->H; h++)
            definition_attend(o + t * HK + h * K, q + t * HK + h * K, k + h * K, v + h * K, model,
                              weights, layer, h, t, kind);
    definition_product(update, o, definition_tensor(model, weights, layer, "project"), NULL, T, HK,
                       D);
    definition_residual(x, update, model);
    free(s);
}

static inline void definition_mlp(double *x, const struct model *model, const real *weights,
                                  int layer, int M)
{
    int T = model->shape.tokens, D = model->D;
    double *s = calloc(2 * DEFINITION_ROOM, sizeof *s), *update = s + DEFINITION_ROOM;
    double *hidden = calloc((size_t)(T * M), sizeof *hidden);
    const char *names[] = {"mlp_in", "mlp_in_bias", "mlp_out", "mlp_out_bias"};
    const char *input[] = {"input_in", "input_in_bias", "input_out", "input_out_bias"};
    const real *w[4];
    for (int i = 0; i < 4; i++)
        w[i] = definition_tensor(model, weights, layer, layer < 0 ? input[i] : names[i]);
    memcpy(s, x, sizeof(double) * (size_t)(T * D));
    if (layer >= 0 && model->config.layer_norm)
        definition_norm(s, x, definition_tensor(model, weights, layer, "mlp_norm_gain"),
                        definition_tensor(model, weights, layer, "mlp_norm_bias"), T, D);
    definition_product(hidden, s, w[0], w[1], T, D, M);
    for (int i = 0; i < T * M; i++)
        hidden[i] = definition_gelu(hidden[i]);
    definition_product(update, hidden, w[2], w[3], T, M, D);
    if (layer >= 0)
        definition_residual(x, update, model);
    else
        for (int i = 0; i < T * D; i++)
            x[i] += update[i];
    free(hidden);
    free(s);
}

/* The rows of the stream, one after the other: the prefix, then the task's tokens, an eos token
 * behind every eos of them but at the end. Writes the tokens [T][W], and the row of each task
 * token; returns T. */
static inline int definition_sequence(double *rows, int *row_of, const struct model *model,
                                      const real *weights, const double *tokens)
{
    const struct model_config *c = &model->config;
    int W = model->given.width, row = 0;
    for (; row < c->prefix; row++)
        for (int i = 0; i < W; i++)
            rows[row * W + i] =
                (double)definition_tensor(model, weights, -1, "prefix")[row * W + i];
    for (int t = 0; t < model->given.tokens; t++) {
        if (c->eos > 0 && t > 0 && t % c->eos == 0) {
            for (int i = 0; i < W; i++)
                rows[row * W + i] = (double)definition_tensor(model, weights, -1, "eos")[i];
            row++;
        }
        memcpy(rows + row * W, tokens + t * W, sizeof(double) * (size_t)W);
        row_of[t] = row++;
    }
    return row;
}

static inline void definition_input(double *x, const struct model *model, const real *weights,
                                    const double *tokens)
{
    const struct model_config *c = &model->config;
    int T = model->shape.tokens, D = model->D, W = model->shape.width;
    int base = c->embedding ? c->embedding : W;
    double t0[DEFINITION_ROOM], e[DEFINITION_ROOM];
    int row_of[DEFINITION_ROOM], rows = definition_sequence(t0, row_of, model, weights, tokens);
    assert(rows == T);
    memcpy(e, t0, sizeof(double) * (size_t)(T * W));
    if (c->embedding)
        definition_product(e, t0, definition_tensor(model, weights, -1, "embedding"),
                           definition_tensor(model, weights, -1, "embedding_bias"), T, W, base);
    for (int t = 0; t < T; t++)
        for (int i = 0; i < D; i++) {
            x[t * D + i] = i < base ? e[t * base + i]
                                    : definition_position(t, i - base, D - base, c->position_base);
            if (c->positions == POSITIONS_ADDED)
                x[t * D + i] += definition_position(t, i, D, c->position_base);
        }
    if (c->input_mlp)
        definition_mlp(x, model, weights, -1, c->input_mlp);
}

/* outputs [output_tokens][O] of one task with tokens [given.tokens][W]; kinds[l] is the word of
 * layer l; streams [L + 1][T][D] when not NULL. */
static inline void definition_forward(double *outputs, double *streams, const struct model *model,
                                      const real *weights, const double *tokens,
                                      const char *const *kinds)
{
    const struct token_shape *shape = &model->shape;
    int D = model->D, O = shape->outputs, size = shape->tokens * D;
    double x[DEFINITION_ROOM];
    definition_input(x, model, weights, tokens);
    for (int l = 0; l <= model->L; l++) {
        if (streams)
            memcpy(streams + l * size, x, sizeof(double) * (size_t)size);
        if (l == model->L)
            break;
        definition_attention(x, model, weights, l, kinds[l]);
        if (model->config.mlp)
            definition_mlp(x, model, weights, l, model->config.mlp);
    }
    int row_of[DEFINITION_ROOM];
    double rows[DEFINITION_ROOM];
    definition_sequence(rows, row_of, model, weights, tokens);
    for (int i = 0; i < shape->output_tokens; i++) {
        int token = model->given.first_token + i * (1 + model->given.output_gap);
        const double *row = x + row_of[token] * D;
        if (model->config.output_embedding)
            definition_product(outputs + i * O, row,
                               definition_tensor(model, weights, -1, "output"),
                               definition_tensor(model, weights, -1, "output_bias"), 1, D, O);
        else
            memcpy(outputs + i * O, row + shape->first_channel, sizeof(double) * (size_t)O);
        for (int o = 0; o < O; o++)
            outputs[i * O + o] *= shape->sign;
    }
}

#endif
