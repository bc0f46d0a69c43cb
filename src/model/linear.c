/* Linear attention through its state S = sum k' v [K,V], or through scores when there are few
 * queries or keys. Causal: chunks of tokens, the state before the chunk and scores within. */
#include "head.h"

enum { CHUNK = 10 };

static double state_cost(const struct head *head)
{
    double KV = (double)head->K * head->V;
    if (!head->causal)
        return (head->queries + head->keys) * KV;
    int chunks = (head->queries + CHUNK - 1) / CHUNK;
    return (2 * CHUNK * (chunks - 1 + (head->first > 0)) + head->first) * KV +
           (double)head->queries * CHUNK * (head->K + head->V);
}

double linear_cost(const struct head *head)
{
    double state = state_cost(head), scores = scores_cost(head);
    return state < scores ? state : scores;
}

static bool through_state(const struct head *head)
{
    return state_cost(head) < scores_cost(head);
}

int linear_scratch(const struct head *head)
{
    int state = head->K * head->V + 2 * CHUNK * CHUNK, scores = scores_scratch(head);
    return state > scores ? state : scores;
}

/* Rows of queries, keys or values, [n][width]. */
struct block {
    const real *at;
    int width, stride;
};

static struct block queries(const struct head *head, int at)
{
    return (struct block){head->q + (ptrdiff_t)at * head->K * LANES, head->K, head->K};
}

static struct block keys(const struct head *head, int at)
{
    return (struct block){head->k + (ptrdiff_t)at * head->key_stride * LANES, head->K,
                          head->key_stride};
}

/* Of values, and of what else has V features. */
static struct block values(const real *v, const struct head *head, int at)
{
    return (struct block){v + (ptrdiff_t)at * head->V * LANES, head->V, head->V};
}

static real *query_at(real *dq, const struct head *head, int at)
{
    return dq + (ptrdiff_t)at * head->K * LANES;
}

static real *value_at(real *dv, const struct head *head, int at)
{
    return dv + (ptrdiff_t)at * head->V * LANES;
}

/* state[K,V] (update)= x[n,K]' y[n,V] */
static void gather(real *state, struct block x, struct block y, const struct head *head, int n,
                   enum update update)
{
    head->kernels->lanes_lanes(written(state, y.width), columns_of(x.at, x.stride),
                               rows_of(y.at, y.stride), x.width, y.width, n, update);
}

/* y[n,V] (update)= x[n,K] state */
static void apply(real *y, struct block x, const real *state, const struct head *head, int n,
                  enum update update)
{
    head->kernels->lanes_lanes(written(y, head->V), rows_of(x.at, x.stride),
                               rows_of(state, head->V), n, head->V, head->K, update);
}

/* y[n,K] (update)= x[n,V] state' */
static void apply_transposed(real *y, struct block x, const real *state, const struct head *head,
                             int n, enum update update)
{
    head->kernels->lanes_lanes(written(y, head->K), rows_of(x.at, x.stride),
                               columns_of(state, head->V), n, head->K, head->V, update);
}

/* p[n,n] = x[n,width] y[n,width]', zero above the diagonal */
static void within(real *p, struct block x, struct block y, const struct head *head, int n)
{
    head->kernels->lanes_lanes(written(p, n), rows_of(x.at, x.stride), columns_of(y.at, y.stride),
                               n, n, x.width, SET);
    for (int i = 0; i + 1 < n; i++)
        head->kernels->fill(p + ((ptrdiff_t)i * n + i + 1) * LANES, 0, n - i - 1);
}

static int chunk_length(const struct head *head, int at)
{
    return head->queries - at < CHUNK ? head->queries - at : CHUNK;
}

static void causal_forward(real *out, const struct head *head)
{
    int V = head->V;
    real *state = head->scratch, *p = state + (ptrdiff_t)head->K * V * LANES;
    bool begun = head->first > 0;
    if (begun)
        gather(state, keys(head, 0), values(head->v, head, 0), head, head->first, SET);
    for (int at = 0; at < head->queries; at += CHUNK) {
        int n = chunk_length(head, at);
        struct block q = queries(head, at), k = keys(head, head->first + at),
                     v = values(head->v, head, head->first + at);
        real *chunk = value_at(out, head, at);
        within(p, q, k, head, n);
        head->kernels->lanes_lanes(written(chunk, V), rows_of(p, n), rows_of(v.at, V), n, V, n,
                                   SET);
        if (begun)
            apply(chunk, q, state, head, n, ADD);
        if (at + n < head->queries)
            gather(state, k, v, head, n, begun ? ADD : SET);
        begun = true;
    }
}

/* The part of one chunk that lies within it. */
static void chunk_backward(const struct head_gradient *g, const struct head *head, real *p, int at,
                           int n)
{
    const struct kernels *kernels = head->kernels;
    real *dp = p + CHUNK * CHUNK * LANES;
    int K = head->K, V = head->V, key = head->first + at;
    struct block q = queries(head, at), k = keys(head, key), v = values(head->v, head, key),
                 dout = values(g->dout, head, at);
    within(p, q, k, head, n);
    within(dp, dout, v, head, n);
    kernels->lanes_lanes(written(query_at(g->dq, head, at), K), rows_of(dp, n),
                         rows_of(k.at, k.stride), n, K, n, SET);
    kernels->lanes_lanes(written(value_at(g->dv, head, key), V), columns_of(p, n),
                         rows_of(dout.at, V), n, V, n, SET);
    if (g->dk)
        kernels->lanes_lanes(written(query_at(g->dk, head, key), K), columns_of(dp, n),
                             rows_of(q.at, K), n, K, n, SET);
}

/* Within the chunks, and what queries see of the state before theirs. */
static void causal_backward_ascending(const struct head_gradient *g, const struct head *head)
{
    real *state = head->scratch, *p = state + (ptrdiff_t)head->K * head->V * LANES;
    bool begun = head->first > 0;
    if (begun)
        gather(state, keys(head, 0), values(head->v, head, 0), head, head->first, SET);
    for (int at = 0; at < head->queries; at += CHUNK) {
        int n = chunk_length(head, at), key = head->first + at;
        chunk_backward(g, head, p, at, n);
        if (begun)
            apply_transposed(query_at(g->dq, head, at), values(g->dout, head, at), state, head, n,
                             ADD);
        if (at + n < head->queries)
            gather(state, keys(head, key), values(head->v, head, key), head, n, begun ? ADD : SET);
        begun = true;
    }
}

/* What keys and values of a chunk owe to the queries after it, through the gradient of the state.
 */
static void owe(const struct head_gradient *g, const struct head *head, const real *dstate, int key,
                int n, enum update update)
{
    if (g->dk)
        apply_transposed(query_at(g->dk, head, key), values(head->v, head, key), dstate, head, n,
                         update);
    apply(value_at(g->dv, head, key), keys(head, key), dstate, head, n, update);
}

static void causal_backward_descending(const struct head_gradient *g, const struct head *head)
{
    real *dstate = head->scratch;
    bool begun = false;
    for (int at = (head->queries - 1) / CHUNK * CHUNK; at >= 0; at -= CHUNK) {
        int n = chunk_length(head, at);
        if (begun)
            owe(g, head, dstate, head->first + at, n, ADD);
        if (at > 0 || head->first > 0)
            gather(dstate, queries(head, at), values(g->dout, head, at), head, n,
                   begun ? ADD : SET);
        begun = true;
    }
    if (head->first > 0)
        owe(g, head, dstate, 0, head->first, SET);
}

void linear_forward(real *out, const struct head *head)
{
    if (!through_state(head)) {
        scores_forward(out, head, SCORES_LINEAR);
    } else if (head->causal) {
        causal_forward(out, head);
    } else {
        gather(head->scratch, keys(head, 0), values(head->v, head, 0), head, head->keys, SET);
        apply(out, queries(head, 0), head->scratch, head, head->queries, SET);
    }
}

void linear_backward(const struct head_gradient *gradient, const struct head *head)
{
    const struct head_gradient *g = gradient;
    real *state = head->scratch;
    if (!through_state(head)) {
        scores_backward(g, head, SCORES_LINEAR);
    } else if (head->causal) {
        causal_backward_ascending(g, head);
        causal_backward_descending(g, head);
    } else {
        struct block dout = values(g->dout, head, 0);
        gather(state, keys(head, 0), values(head->v, head, 0), head, head->keys, SET);
        apply_transposed(g->dq, dout, state, head, head->queries, SET);
        gather(state, queries(head, 0), dout, head, head->queries, SET);
        owe(g, head, state, 0, head->keys, SET);
    }
}
