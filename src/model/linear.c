/* Linear attention through its state S = sum k' v [K,K], or through scores when there are few
 * queries or keys. Causal: chunks of tokens, the state before the chunk and scores within. */
#include "head.h"

enum { CHUNK = 10 };

static bool through_state(const struct head *head)
{
    double K = head->K, state = (head->queries + (double)head->keys) * K * K;
    if (head->causal) {
        int chunks = (head->queries + CHUNK - 1) / CHUNK;
        state = 2 * CHUNK * (chunks - 1 + (head->first > 0)) * K * K + head->first * K * K +
                2.0 * head->queries * CHUNK * K;
    }
    return state < scores_cost(head);
}

int linear_scratch(const struct head *head)
{
    int state = head->K * head->K + 2 * CHUNK * CHUNK, scores = scores_scratch(head);
    return state > scores ? state : scores;
}

static ptrdiff_t token(const struct head *head, int t)
{
    return (ptrdiff_t)t * head->K * LANES;
}

/* C[a,b] of [K] rows, (update)= x y with x, y as given; the four products that the state needs. */

/* state[K,K] (update)= x[n,K]' y[n,K] */
static void gather(real *state, const real *x, const real *y, const struct head *head, int n,
                   enum update update)
{
    int K = head->K;
    head->kernels->lanes_lanes(written(state, K), columns_of(x, K), rows_of(y, K), K, K, n, update);
}

/* y[n,K] (update)= x[n,K] state */
static void apply(real *y, const real *x, const real *state, const struct head *head, int n,
                  enum update update)
{
    int K = head->K;
    head->kernels->lanes_lanes(written(y, K), rows_of(x, K), rows_of(state, K), n, K, K, update);
}

/* y[n,K] (update)= x[n,K] state' */
static void apply_transposed(real *y, const real *x, const real *state, const struct head *head,
                             int n, enum update update)
{
    int K = head->K;
    head->kernels->lanes_lanes(written(y, K), rows_of(x, K), columns_of(state, K), n, K, K, update);
}

/* p[n,n] = x[n,K] y[n,K]', zero above the diagonal */
static void within(real *p, const real *x, const real *y, const struct head *head, int n)
{
    int K = head->K;
    head->kernels->lanes_lanes(written(p, n), rows_of(x, K), columns_of(y, K), n, n, K, SET);
    for (int i = 0; i + 1 < n; i++)
        head->kernels->fill(p + ((ptrdiff_t)i * n + i + 1) * LANES, 0, n - i - 1);
}

static int chunk_length(const struct head *head, int at)
{
    return head->queries - at < CHUNK ? head->queries - at : CHUNK;
}

static void causal_forward(real *out, const struct head *head)
{
    int K = head->K;
    real *state = head->scratch, *p = state + (ptrdiff_t)K * K * LANES;
    bool begun = head->first > 0;
    if (begun)
        gather(state, head->k, head->v, head, head->first, SET);
    for (int at = 0; at < head->queries; at += CHUNK) {
        int n = chunk_length(head, at);
        ptrdiff_t query = token(head, at), key = token(head, head->first + at);
        within(p, head->q + query, head->k + key, head, n);
        head->kernels->lanes_lanes(written(out + query, K), rows_of(p, n),
                                   rows_of(head->v + key, K), n, K, n, SET);
        if (begun)
            apply(out + query, head->q + query, state, head, n, ADD);
        if (at + n < head->queries)
            gather(state, head->k + key, head->v + key, head, n, begun ? ADD : SET);
        begun = true;
    }
}

/* Within the chunks, and what queries see of the state before theirs. */
static void causal_backward_ascending(const struct head_gradient *g, const struct head *head)
{
    int K = head->K;
    real *state = head->scratch, *p = state + (ptrdiff_t)K * K * LANES,
         *dp = p + CHUNK * CHUNK * LANES;
    bool begun = head->first > 0;
    if (begun)
        gather(state, head->k, head->v, head, head->first, SET);
    for (int at = 0; at < head->queries; at += CHUNK) {
        int n = chunk_length(head, at);
        ptrdiff_t query = token(head, at), key = token(head, head->first + at);
        const struct kernels *kernels = head->kernels;
        within(p, head->q + query, head->k + key, head, n);
        within(dp, g->dout + query, head->v + key, head, n);
        kernels->lanes_lanes(written(g->dq + query, K), rows_of(dp, n), rows_of(head->k + key, K),
                             n, K, n, SET);
        kernels->lanes_lanes(written(g->dk + key, K), columns_of(dp, n),
                             rows_of(head->q + query, K), n, K, n, SET);
        kernels->lanes_lanes(written(g->dv + key, K), columns_of(p, n), rows_of(g->dout + query, K),
                             n, K, n, SET);
        if (begun)
            apply_transposed(g->dq + query, g->dout + query, state, head, n, ADD);
        if (at + n < head->queries)
            gather(state, head->k + key, head->v + key, head, n, begun ? ADD : SET);
        begun = true;
    }
}

/* What keys and values of a chunk owe to the queries after it, through the gradient of the state.
 */
static void causal_backward_descending(const struct head_gradient *g, const struct head *head)
{
    real *dstate = head->scratch;
    int last = (head->queries - 1) / CHUNK * CHUNK;
    bool begun = false;
    for (int at = last; at >= 0; at -= CHUNK) {
        int n = chunk_length(head, at);
        ptrdiff_t query = token(head, at), key = token(head, head->first + at);
        if (begun) {
            apply_transposed(g->dk + key, head->v + key, dstate, head, n, ADD);
            apply(g->dv + key, head->k + key, dstate, head, n, ADD);
        }
        if (at > 0 || head->first > 0)
            gather(dstate, head->q + query, g->dout + query, head, n, begun ? ADD : SET);
        begun = true;
    }
    if (head->first > 0) {
        apply_transposed(g->dk, head->v, dstate, head, head->first, SET);
        apply(g->dv, head->k, dstate, head, head->first, SET);
    }
}

void linear_forward(real *out, const struct head *head)
{
    if (!through_state(head)) {
        scores_forward(out, head, SCORES_LINEAR);
    } else if (head->causal) {
        causal_forward(out, head);
    } else {
        gather(head->scratch, head->k, head->v, head, head->keys, SET);
        apply(out, head->q, head->scratch, head, head->queries, SET);
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
        gather(state, head->k, head->v, head, head->keys, SET);
        apply_transposed(g->dq, g->dout, state, head, head->queries, SET);
        gather(state, head->q, g->dout, head, head->queries, SET);
        apply_transposed(g->dk, head->v, state, head, head->keys, SET);
        apply(g->dv, head->k, state, head, head->keys, SET);
    }
}
