#include "math/mesa.h"

/* Three squares of scores must fit into K K + 4 K rows of scratch. More than eight tokens would
 * waste more on the scores that causality masks than longer products gain. */
int mesa_chunk(int K)
{
    int b = 1;
    while (b < 8 && 3 * (b + 1) * (b + 1) <= K * K + 4 * K)
        b++;
    return b;
}

int mesa_inverse_rows(int T, int K)
{
    int b = mesa_chunk(K), chunks = (T + b - 1) / b;
    return chunks * (K * K + (b - 1) * K);
}
