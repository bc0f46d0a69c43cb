/* Numbers that are too small, too large, or none. */
#include "run/run.h"

#include <math.h>

#include "math/kernels.h"
#include "setup.h"

#if defined(__SSE2__)
#include <xmmintrin.h>

enum {
    DENORMAL_SEEN = 0x2,
    UNDERFLOW_SEEN = 0x10,
    DENORMALS_ARE_ZERO = 0x40,
    FLUSH_TO_ZERO = 0x8000
};

/* Weights near 1e-20, whose products lie below the least normal float. */
#define VANISHING                                                                                  \
    TINY, "model.init=normal", "model.init_scale=1e-38", "model.depth=3", "train.rate=1e-25"

/* Counted by the processor's own flags, as time on a busy machine says nothing: results underflow,
 * but no operation ever has a denormal operand, which is what costs a hundred cycles. */
static void a_run_of_vanishing_weights_never_works_on_a_denormal(void **state)
{
    (void)state;
    struct run_config config = CONFIG(VANISHING);
    unsigned before = _mm_getcsr();
    _mm_setcsr(before &
               ~(unsigned)(DENORMAL_SEEN | UNDERFLOW_SEEN | DENORMALS_ARE_ZERO | FLUSH_TO_ZERO));
    struct done done = execute(&config, ALL_ANALYSES, NULL);
    unsigned after = _mm_getcsr();
    _mm_setcsr(before);
    assert_int_equal(done.outcome, RUN_DONE);
    assert_true(after & UNDERFLOW_SEEN);
    assert_false(after & DENORMAL_SEEN);
    assert_int_equal(after & (DENORMALS_ARE_ZERO | FLUSH_TO_ZERO),
                     DENORMALS_ARE_ZERO | FLUSH_TO_ZERO);
    done_dispose(&done);
}

static void vanishing_weights_give_the_same_bits_in_every_object(void **state)
{
    (void)state;
    struct run_config config = CONFIG(VANISHING);
    struct done first = {0};
    for (int i = 0; kernels_at(i); i++) {
        setenv("MESASWEEP_ISA", kernels_at(i)->name, 1);
        struct done done = execute(&config, 0, NULL);
        if (i > 0) {
            assert_int_equal(done.record.used, first.record.used);
            assert_memory_equal(done.record.memory, first.record.memory, first.record.used);
            done_dispose(&done);
        } else {
            first = done;
        }
    }
    unsetenv("MESASWEEP_ISA");
    done_dispose(&first);
}
#endif

static const float *curve_of(const struct done *done, const char *column)
{
    return part_data(part_of(&done->record, PART_COLUMN, column_named(column)));
}

/* Whatever makes a loss grow without bound, and however seldom a run is evaluated: training ends at
 * the update that does it. */
static void divergence_ends_a_run_before_its_next_evaluation(void **state)
{
    (void)state;
    const char *const explosions[][2] = {{"train.rate=100", "model.depth=3"},
                                         {"train.rate=100", "model.depth=1"},
                                         {"train.rate=100", "model.layers=softmax*"},
                                         {"model.init_scale=1000", "model.depth=8"}};
    for (size_t i = 0; i < COUNT(explosions); i++) {
        struct run_config config =
            CONFIG(TINY, "train.optimiser=sgd", "train.clip_norm=0", "train.steps=3000",
                   "train.evaluations=4", explosions[i][0], explosions[i][1]);
        struct done done = execute(&config, 0, NULL);
        assert_int_equal(done.outcome, RUN_DIVERGED);
        int steps = *(const int32_t *)part_data(
            part_of(&done.record, PART_COLUMN, column_named("steps_done")));
        assert_true(steps < 1000);
        assert_true(isnan(curve_of(&done, "test_loss")[1]));
        done_dispose(&done);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#if defined(__SSE2__)
        cmocka_unit_test(a_run_of_vanishing_weights_never_works_on_a_denormal),
        cmocka_unit_test(vanishing_weights_give_the_same_bits_in_every_object),
#endif
        cmocka_unit_test(divergence_ends_a_run_before_its_next_evaluation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
