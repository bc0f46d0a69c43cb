#include "support.h"

enum { DRAWS = 1000, BATCHES = 40 };

static real x[DRAWS * LANES];

/* Known answers of Random123 1.14, kat_vectors, philox4x32 10. */
static void seeds_are_the_published_philox_blocks(void **state)
{
    (void)state;
    static const struct {
        uint64_t seed, task;
        uint32_t step, stream, block[4];
    } known[] = {
        {0, 0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {UINT64_MAX,
         UINT64_MAX,
         UINT32_MAX,
         UINT32_MAX,
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {0x299f31d0a4093822,
         0x85a308d3243f6a88,
         0x13198a2e,
         0x03707344,
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < COUNT(known); i++) {
        struct random_lanes random;
        random_seed(&random, known[i].seed, known[i].stream, known[i].step, known[i].task);
        for (int word = 0; word < 4; word++)
            assert_int_equal(random.state[word][0], known[i].block[word]);
    }
}

static void every_object_seeds_alike(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    {
        struct random_lanes one, other;
        random_seed(&one, 5, 6, 7,
                    UINT32_MAX - 3ull); /* the task's low word overflows on the way */
        kernels->seed(&other, 5, 6, 7, UINT32_MAX - 3ull);
        assert_memory_equal(&one, &other, sizeof one);
        random_seed(&one, 5, 6, 7, UINT32_MAX + 1ull);
        for (int word = 0; word < 4; word++)
            assert_int_equal(one.state[word][0], other.state[word][4]);
    }
}

static void a_lane_is_a_function_of_its_task_alone(void **state)
{
    (void)state;
    struct random_lanes a, b;
    random_seed(&a, 7, 2, 3, 1000);
    random_seed(&b, 7, 2, 3, 1000 - 5);
    for (int lane = 0; lane + 5 < LANES; lane++)
        for (int word = 0; word < 4; word++)
            assert_int_equal(a.state[word][lane], b.state[word][lane + 5]);
}

/* The definition of xoshiro128+ for one lane. */
static uint32_t next(uint32_t s[4])
{
    uint32_t result = s[0] + s[3], t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = s[3] << 11 | s[3] >> 21;
    return result;
}

static void words_and_states_are_those_of_xoshiro128_plus(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    {
        struct random_lanes random;
        random_seed(&random, 1, 2, 3, 4);
        struct random_lanes plain = random;
        kernels->uniform(x, &random, DRAWS, 0, 1);
        for (int b = 0; b < LANES; b++) {
            uint32_t s[4];
            for (int i = 0; i < 4; i++)
                s[i] = plain.state[i][b];
            for (int i = 0; i < DRAWS; i++)
                assert_true(x[i * LANES + b] == (real)(next(s) >> 8) * (real)0x1p-24);
            for (int i = 0; i < 4; i++)
                assert_int_equal(random.state[i][b], s[i]);
        }
    }
}

/* Against `uniform` and `lanes_lanes`; what lies between the pairs stays as it was. */
static void uniform_pairs_are_uniform_numbers_and_their_products(void **state)
{
    (void)state;
    enum { N = 4, PAIR = 12 * LANES, SIZE = N * PAIR };
    static const struct {
        int n, d, O;
    } shapes[] = {{1, 1, 1}, {4, 10, 1}, {3, 5, 2}, {2, 1, 3}};
    static real plain[2 * SIZE], joined[2 * SIZE], W[20 * LANES];
    struct source source = {1};
    source_fill(W, &source, (int)COUNT(W));
    EACH_OBJECT(kernels)
    for (size_t i = 0; i < COUNT(shapes); i++) {
        int n = shapes[i].n, d = shapes[i].d, O = shapes[i].O;
        struct random_lanes a, b;
        random_seed(&a, 1, 2, 3, 4);
        b = a;
        source_fill(plain, &source, (int)COUNT(plain));
        memcpy(joined, plain, sizeof joined);
        for (int p = 0; p < n; p++)
            kernels->uniform(plain + p * PAIR, &a, d, (real)-0.3, (real)0.9);
        kernels->lanes_lanes((struct matrix){plain + SIZE, PAIR, LANES},
                             (struct operand){plain, PAIR, LANES},
                             (struct operand){W, LANES, d * LANES}, n, O, d, SET);
        kernels->uniform_pairs(&(struct uniform_pairs){.x = joined,
                                                       .y = joined + SIZE,
                                                       .W = W,
                                                       .n = n,
                                                       .d = d,
                                                       .O = O,
                                                       .pair = PAIR,
                                                       .low = (real)-0.3,
                                                       .high = (real)0.9},
                               &b);
        assert_memory_equal(joined, plain, sizeof plain);
        assert_memory_equal(&a, &b, sizeof a);
    }
}

/* Golden: results of all sweeps rest on these. They change only with results_version. */
static void the_first_numbers_never_change(void **state)
{
    (void)state;
    static const float uniform[] = {0x1.abf504p-2f, -0x1.67268p-4f, -0x1.48aea4p-2f,
                                    -0x1.af754p-3f};
    static const float normal[] = {0x1.e7f91p-2f, -0x1.fd4bf4p-1f, 0x1.d3fbc6p+0f, 0x1.c19932p+0f};
    EACH_OBJECT(kernels)
    {
        struct random_lanes random;
        random_seed(&random, 1, 2, 3, 4);
        kernels->uniform(x, &random, 2, (real)-0.5, (real)0.5);
        for (size_t i = 0; i < COUNT(uniform); i++)
            assert_true(x[(i / 2) * LANES + i % 2 * 9] == uniform[i]);
        kernels->normal(x, &random, 4, 2);
        for (size_t i = 0; i < COUNT(normal); i++)
            assert_true(x[i * LANES + i] == normal[i]);
    }
}

/* Sample means of g(x) over n draws lie within five deviations of their expectation (one chance in
 * 1.7 million for each, and the draws are fixed). */
static void moments(const double expected[], const double variance[], int count, double n,
                    const double sums[])
{
    for (int i = 0; i < count; i++)
        if (!(fabs(sums[i] / n - expected[i]) <= 5 * sqrt(variance[i] / n)))
            fail_msg("moment %d: %.7g, expected %.7g", i + 1, sums[i] / n, expected[i]);
}

static void uniform_numbers_have_the_moments_of_their_law(void **state)
{
    (void)state;
    double sums[4] = {0};
    const struct kernels *kernels = kernels_at(0);
    for (uint64_t batch = 0; batch < BATCHES; batch++) {
        struct random_lanes random;
        random_seed(&random, 11, 1, 1, batch * LANES);
        kernels->uniform(x, &random, DRAWS, -1, 1);
        for (int i = 0; i < DRAWS * LANES; i++) {
            double value = (double)x[i];
            assert_true(value >= -1 && value < 1);
            for (int power = 0; power < 4; power++)
                sums[power] += pow(value, power + 1);
        }
    }
    /* E x^p = 1/(p+1) for even p; variance E x^2p - (E x^p)^2 */
    const double expected[] = {0, 1. / 3, 0, 1. / 5};
    const double variance[] = {1. / 3, 1. / 5 - 1. / 9, 1. / 7, 1. / 9 - 1. / 25};
    moments(expected, variance, 4, (double)BATCHES * DRAWS * LANES, sums);
}

static void normal_numbers_have_the_moments_of_their_law(void **state)
{
    (void)state;
    double sums[6] = {0}, beyond[4] = {0}, highest = 0;
    const struct kernels *kernels = kernels_at(0);
    for (uint64_t batch = 0; batch < BATCHES; batch++) {
        struct random_lanes random;
        random_seed(&random, 12, 1, 1, batch * LANES);
        kernels->normal(x, &random, DRAWS, 1);
        for (int i = 0; i < DRAWS * LANES; i++) {
            double value = (double)x[i];
            highest = fmax(highest, fabs(value));
            for (int power = 0; power < 6; power++)
                sums[power] += pow(value, power + 1);
            for (int k = 0; k < 4; k++)
                beyond[k] += fabs(value) > k + 1;
        }
    }
    const double n = (double)BATCHES * DRAWS * LANES;
    const double expected[] = {0, 1, 0, 3, 0, 15}; /* E x^2p = 1 3 5 ... (2p-1) */
    const double variance[] = {1, 2, 15, 96, 945, 10395 - 225};
    moments(expected, variance, 6, n, sums);
    double share[4], spread[4];
    for (int k = 0; k < 4; k++) {
        share[k] = erfc((k + 1) / sqrt(2));
        spread[k] = share[k] * (1 - share[k]);
    }
    moments(share, spread, 4, n, beyond);
    assert_true(highest > 4 && highest < 5.78);
}

static double correlation(const real *a, const real *b, int n)
{
    double ab = 0, aa = 0, bb = 0;
    for (int i = 0; i < n; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return ab / sqrt(aa * bb);
}

/* Independent numbers correlate by 1/sqrt(n); five times that is the limit. */
static void neighbours_in_every_coordinate_are_independent(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint64_t seed, task;
        uint32_t stream, step;
    } other[] = {
        {"seed", 2, 16, 2, 3},   {"seed, high half", 1 + (1ull << 32), 16, 2, 3},
        {"task", 1, 32, 2, 3},   {"task, high half", 1, 16 + (1ull << 32), 2, 3},
        {"stream", 1, 16, 3, 3}, {"step", 1, 16, 2, 4},
    };
    static real y[DRAWS * LANES];
    const struct kernels *kernels = kernels_at(0);
    struct random_lanes random;
    random_seed(&random, 1, 2, 3, 16);
    kernels->normal(x, &random, DRAWS, 1);
    for (size_t i = 0; i < COUNT(other); i++) {
        random_seed(&random, other[i].seed, other[i].stream, other[i].step, other[i].task);
        kernels->normal(y, &random, DRAWS, 1);
        if (!(fabs(correlation(x, y, DRAWS * LANES)) <= 5 / sqrt(DRAWS * LANES)))
            fail_msg("another %s gives numbers that correlate", other[i].what);
    }
    assert_true(fabs(correlation(x, x + 1, DRAWS * LANES - 1)) <= 5 / sqrt(DRAWS * LANES));
    assert_true(fabs(correlation(x, x + LANES, (DRAWS - 1) * LANES)) <= 5 / sqrt(DRAWS * LANES));
}

static void an_odd_count_drops_the_last_number_of_its_pair(void **state)
{
    (void)state;
    EACH_OBJECT(kernels)
    {
        static real y[6 * LANES];
        struct random_lanes a, b;
        random_seed(&a, 1, 2, 3, 4);
        b = a;
        kernels->normal(x, &a, 6, 1);
        y[5 * LANES] = 9;
        kernels->normal(y, &b, 5, 1);
        assert_memory_equal(x, y, sizeof(real) * 5 * LANES);
        assert_true(y[5 * LANES] == 9);
        assert_memory_equal(&a, &b, sizeof a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_are_the_published_philox_blocks),
        cmocka_unit_test(every_object_seeds_alike),
        cmocka_unit_test(a_lane_is_a_function_of_its_task_alone),
        cmocka_unit_test(words_and_states_are_those_of_xoshiro128_plus),
        cmocka_unit_test(uniform_pairs_are_uniform_numbers_and_their_products),
        cmocka_unit_test(the_first_numbers_never_change),
        cmocka_unit_test(uniform_numbers_have_the_moments_of_their_law),
        cmocka_unit_test(normal_numbers_have_the_moments_of_their_law),
        cmocka_unit_test(neighbours_in_every_coordinate_are_independent),
        cmocka_unit_test(an_odd_count_drops_the_last_number_of_its_pair),
    };
    return cmocka_run_group_tests_name("random", tests, flush_denormals, NULL);
}
