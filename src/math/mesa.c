#include "math/mesa.h"

/* Three squares of scores must fit into K K + 4 K rows of scratch. More than ten tokens would waste
 * more on the scores that causality masks than longer products gain. */
int mesa_chunk(int K)
{
    int b = 1;
    while (b < 10 && 3 * (b + 1) * (b + 1) <= K * K + 4 * K)
        b++;
    return b;
}

static int tokens_of(int chunk, int first, int T)
{
    return T - first < chunk ? T - first : chunk;
}

/* Products with S and Phi, and their updates; then what is within the chunk: g of one token after
 * the other, and the scores. */
double mesa_forward_cost(int T, int K)
{
    double cost = 0;
    int chunk = mesa_chunk(K);
    for (int t = 0; t < T; t += chunk) {
        double n = tokens_of(chunk, t, T);
        cost += 5 * n * K * K + n * n * K + 4 * n * n * K;
    }
    return cost;
}

/* Products with Phi, S, G and A, and their updates, which the first chunk spares for S and G; then
 * what is within the chunk. */
double mesa_backward_cost(int T, int K)
{
    double cost = 0;
    int chunk = mesa_chunk(K);
    for (int t = 0; t < T; t += chunk) {
        double n = tokens_of(chunk, t, T);
        cost += (t > 0 ? 10 : 8) * n * K * K + 7 * n * n * K + 2 * n * (n - 1) * K;
    }
    return cost;
}
