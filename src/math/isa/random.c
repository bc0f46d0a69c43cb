/* random.c - xoshiro128+ in every lane, and numbers made of its words.
 *
 * xoshiro128+ 1.0 of Blackman and Vigna (public domain). Its weak lowest bits are used only as the
 * lowest bits of an angle.
 */
#include "elementary.h"
#include "table.h"

struct state {
    words s[4];
};

INLINE struct state state_load(const struct random_lanes *random, int part)
{
    struct state state;
    for (int i = 0; i < 4; i++)
        state.s[i] = *(const words_at *)(random->state[i] + part);
    return state;
}

INLINE void state_store(struct random_lanes *random, struct state state, int part)
{
    for (int i = 0; i < 4; i++)
        *(words_at *)(random->state[i] + part) = state.s[i];
}

/* One instruction where there is one; gcc 12 and clang 14 do not find it by themselves. */
INLINE words xor
    (words a, words b, words c) {
#if defined(MESASWEEP_ISA_avx512) && !defined(MESASWEEP_DOUBLE)
        return (words)_mm512_ternarylogic_epi32((__m512i)a, (__m512i)b, (__m512i)c, 0x96);
#else
        return a ^ b ^ c;
#endif
    }

    INLINE words next(struct state *state)
{
    words *s = state->s, word = s[0] + s[3], shifted = s[1] << 9;
    s[3] ^= s[1];
    s[1] = xor(s[1], s[2], s[0]);
    s[2] = xor(s[2], s[0], shifted);
    s[0] ^= s[3];
    s[3] = s[3] << 11 | s[3] >> 21;
    return word;
}

typedef int32_t signed_words __attribute__((vector_size(VL * 4)));

INLINE vec number(words word) /* of a word below 2^31 */
{
    return __builtin_convertvector((signed_words)word, vec);
}

void KERNEL(uniform)(real *x, struct random_lanes *random, int n, real low, real high)
{
    real step = (high - low) * (real)0x1p-24;
    for (int part = 0; part < LANES; part += VL) {
        struct state state = state_load(random, part);
        for (int i = part; i < n * LANES; i += LANES)
            store(x + i, fma_vec(number(next(&state) >> 8), all(step), all(low)));
        state_store(random, state, part);
    }
}

/* The product of row `o` of W with an x that is drawn already. */
INLINE void label(const struct uniform_pairs *pairs, const real *x, real *y, int o, int part)
{
    const real *w = pairs->W + o * pairs->d * LANES + part;
    vec sum = load(x) * load(w);
    for (int c = LANES; c < pairs->d * LANES; c += LANES)
        sum = fma_vec(load(x + c), load(w + c), sum);
    store(y + o * LANES, sum);
}

void KERNEL(uniform_pairs)(const struct uniform_pairs *pairs, struct random_lanes *random)
{
    const vec low = all(pairs->low), step = all((pairs->high - pairs->low) * (real)0x1p-24);
    const int n = pairs->n;
    const ptrdiff_t end = (ptrdiff_t)pairs->d * LANES;
    for (int part = 0; part < LANES; part += VL) {
        struct state state = state_load(random, part);
        real *x = pairs->x + part, *y = pairs->y + part;
        const real *W = pairs->W + part;
        for (int i = 0; i < n; i++, x += pairs->pair, y += pairs->pair) {
            vec drawn = fma_vec(number(next(&state) >> 8), step, low);
            vec sum = drawn * load(W);
            store(x, drawn);
            for (ptrdiff_t c = LANES; c < end; c += LANES) {
                drawn = fma_vec(number(next(&state) >> 8), step, low);
                sum = fma_vec(drawn, load(W + c), sum);
                store(x + c, drawn);
            }
            store(y, sum);
            for (int o = 1; o < pairs->O; o++)
                label(pairs, x, y, o, part);
        }
        state_store(random, state, part);
    }
}

/* The sign bits of `sign` put into x >= 0. */
INLINE vec with_sign(vec x, words sign)
{
#ifdef MESASWEEP_DOUBLE
    return (vec)((ivec)x | __builtin_convertvector((signed_words)sign >> 31, ivec) << 63);
#else
    return (vec)((words)x | (sign & 0x80000000));
#endif
}

/* Box-Muller: the radius from one word, u = ((word >> 8) + 1) 2^-24; from the other an angle in
 * [0, pi/4) (24 bits), whether to swap (bit 29) and the two signs (bits 31, 30). */
INLINE void pair(vec *x, vec *y, struct state *state, vec deviation)
{
    vec u = number((next(state) >> 8) + 1) * (real)0x1p-24;
#ifdef MESASWEEP_DOUBLE
    vec logarithm = log_vec(u);
#else
    vec logarithm = log_of_normal(u);
#endif
    words w = next(state);
    vec radius = deviation * sqrt_vec(-2 * logarithm), sine, cosine;
    sincos_vec(&sine, &cosine, number(w & 0xffffff) * (real)(0x1.921fb54442d18p-1 * 0x1p-24));
    mask swap = less((vec){0}, number(w >> 29 & 1));
    *x = with_sign(radius * choose(swap, sine, cosine), w);
    *y = with_sign(radius * choose(swap, cosine, sine), w << 1);
}

void KERNEL(normal)(real *x, struct random_lanes *random, int n, real deviation)
{
    for (int part = 0; part < LANES; part += VL) {
        struct state state = state_load(random, part);
        for (int i = 0; i < n; i += 2) {
            vec first, second;
            pair(&first, &second, &state, all(deviation));
            store(x + i * LANES + part, first);
            if (i + 1 < n)
                store(x + (i + 1) * LANES + part, second);
        }
        state_store(random, state, part);
    }
}
