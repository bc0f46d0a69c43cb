/* Saving and restoring a training: bytes that are not its own are refused, its own give the bits of
 * a training that never stopped. */
#include <stdlib.h>

#include "base/hash.h"
#include "setup.h"

#define SMALL                                                                                      \
    "train.steps=9", "train.batch=17", "train.evaluations=4", "evaluation.tasks=20",               \
        "task.dimension=3", "task.context=4", "train.clip_norm=10", "model.init_scale=1",          \
        "train.rate=0.01"

enum { TAG = 42 };

static bool at_step_5(void *context)
{
    return train_step(context) == 5;
}

/* A training that was stopped at step 5, and its bytes. */
static unsigned char *stopped(struct setup *s, size_t *size)
{
    setup_start(s);
    struct train_host host = {.context = s->trainer, .stop = at_step_5};
    assert_int_equal(train_run(s->trainer, &host), TRAIN_STOPPED);
    *size = train_save_size(s->trainer);
    unsigned char *bytes = malloc(*size);
    train_save(bytes, s->trainer, TAG);
    return bytes;
}

struct damage {
    const char *about;
    size_t at, cut; /* byte that is flipped when > 0; bytes missing at the end */
    const char *message;
};

static const struct damage damages[] = {
    {"magic", 1, 0, "checkpoint: not one of mesasweep"},
    {"version", 8, 0, "checkpoint: version 0, this program reads 1"},
    {"tag", 16, 0, "checkpoint: of another run"},
    {"parameters", 24, 0, "checkpoint: of another run"},
    {"checksum", 48, 0, "checkpoint: damaged, its checksum does not match"},
    {"step", 56, 0, "checkpoint: damaged, its checksum does not match"},
    {"a weight", 56 + 64 + 5, 0, "checkpoint: damaged, its checksum does not match"},
};

static void damaged_bytes_are_refused_and_change_nothing(void **state)
{
    (void)state;
    struct setup a = SETUP(SMALL), b = SETUP(SMALL);
    size_t size;
    unsigned char *bytes = stopped(&a, &size);
    setup_start(&b);
    for (size_t i = 0; i < COUNT(damages); i++) {
        struct error err;
        bytes[damages[i].at] ^= 1;
        assert_int_equal(train_restore(b.trainer, bytes, size, TAG, &err), ERR_FILE);
        assert_string_equal(err.text, damages[i].message);
        assert_int_equal(train_step(b.trainer), 0);
        bytes[damages[i].at] ^= 1;
    }
    struct error err;
    char message[64];
    assert_int_equal(train_restore(b.trainer, bytes, 10, TAG, &err), ERR_FILE);
    assert_string_equal(err.text, "checkpoint: cut short, 10 bytes");
    assert_int_equal(train_restore(b.trainer, bytes, size - 1, TAG, &err), ERR_FILE);
    snprintf(message, sizeof message, "checkpoint: %zu bytes, expected %zu", size - 1, size);
    assert_string_equal(err.text, message);
    assert_int_equal(train_restore(b.trainer, bytes, size, TAG + 1, &err), ERR_FILE);
    assert_string_equal(err.text, "checkpoint: of another run");
    free(bytes);
    setup_end(&a);
    setup_end(&b);
}

static void a_checkpoint_of_other_sizes_is_refused(void **state)
{
    (void)state;
    struct setup a = SETUP(SMALL), b = SETUP(SMALL, "model.depth=2");
    size_t size;
    unsigned char *bytes = stopped(&a, &size);
    struct error err;
    setup_start(&b);
    assert_int_equal(train_restore(b.trainer, bytes, size, TAG, &err), ERR_FILE);
    assert_string_equal(err.text, "checkpoint: of another run");
    free(bytes);
    setup_end(&a);
    setup_end(&b);
}

static void a_restored_training_ends_with_the_same_bits(void **state)
{
    (void)state;
    static const char *const optimisers[] = {"train.optimiser=adam", "train.optimiser=sgd"};
    for (size_t i = 0; i < COUNT(optimisers); i++) {
        struct setup whole = SETUP(SMALL, optimisers[i]), before = whole, after = whole;
        setup_start(&whole);
        assert_int_equal(setup_run(&whole), TRAIN_DONE);
        size_t size;
        unsigned char *bytes = stopped(&before, &size);
        setup_end(&before);

        setup_start(&after);
        assert_int_equal(train_restore(after.trainer, bytes, size, TAG, NULL), OK);
        assert_int_equal(train_step(after.trainer), 5);
        assert_int_equal(setup_run(&after), TRAIN_DONE);
        assert_same_weights(&whole, &after);
        assert_memory_equal(train_loss_curve(whole.trainer), train_loss_curve(after.trainer),
                            4 * sizeof(float));
        assert_memory_equal(test_loss_curve(whole.trainer), test_loss_curve(after.trainer),
                            4 * sizeof(float));
        free(bytes);
        setup_end(&whole);
        setup_end(&after);
    }
}

static bool at_once(void *context)
{
    (void)context;
    return true;
}

/* Also where an evaluation is due next. */
static void a_training_may_be_restored_at_every_step(void **state)
{
    (void)state;
    struct setup whole = SETUP(SMALL), part = whole;
    struct train_host host = {.stop = at_once};
    setup_start(&whole);
    assert_int_equal(setup_run(&whole), TRAIN_DONE);
    setup_start(&part);
    for (int step = 1; train_run(part.trainer, &host) == TRAIN_STOPPED; step++) {
        size_t size = train_save_size(part.trainer);
        unsigned char *bytes = malloc(size);
        train_save(bytes, part.trainer, TAG);
        setup_end(&part);
        setup_start(&part);
        assert_int_equal(train_restore(part.trainer, bytes, size, TAG, NULL), OK);
        assert_int_equal(train_step(part.trainer), step);
        free(bytes);
    }
    assert_same_weights(&whole, &part);
    assert_memory_equal(test_loss_curve(whole.trainer), test_loss_curve(part.trainer),
                        4 * sizeof(float));
    setup_end(&whole);
    setup_end(&part);
}

/* Whole by its checksum, which anyone can make anew, but a state in which no training can be. */
static void numbers_that_no_training_has_are_refused(void **state)
{
    (void)state;
    enum { CHECKSUM = 48, STEP = 56, EVALUATED = STEP + 8 };
    static const struct {
        size_t at;
        int64_t value;
    } wrong[] = {{STEP, -1},     {STEP, 10},      {STEP, INT64_MAX},
                 {EVALUATED, 5}, {EVALUATED, -1}, {EVALUATED, INT64_MAX},
                 {EVALUATED, 1}}; /* that of step 3 was missed, and would stay so */
    struct setup a = SETUP(SMALL), b = SETUP(SMALL);
    size_t size;
    unsigned char *bytes = stopped(&a, &size), *copy = malloc(size);
    setup_start(&b);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct error err;
        struct hash_xxh64 hash;
        memcpy(copy, bytes, size);
        memcpy(copy + wrong[i].at, &wrong[i].value, sizeof wrong[i].value);
        hash_xxh64_begin(&hash, 0);
        hash_xxh64_add(&hash, copy, CHECKSUM);
        hash_xxh64_add(&hash, copy + STEP, size - STEP);
        uint64_t checksum = hash_xxh64_end(&hash);
        memcpy(copy + CHECKSUM, &checksum, sizeof checksum);
        assert_int_equal(train_restore(b.trainer, copy, size, TAG, &err), ERR_FILE);
        assert_string_equal(err.text, "checkpoint: damaged, no training is at such a point");
        assert_int_equal(train_step(b.trainer), 0);
    }
    free(copy);
    free(bytes);
    setup_end(&a);
    setup_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_bytes_are_refused_and_change_nothing),
        cmocka_unit_test(a_checkpoint_of_other_sizes_is_refused),
        cmocka_unit_test(numbers_that_no_training_has_are_refused),
        cmocka_unit_test(a_restored_training_ends_with_the_same_bits),
        cmocka_unit_test(a_training_may_be_restored_at_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
