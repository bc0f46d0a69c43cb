/* Without this a run could start from weights that are not those it says, or from some of them. */
#include "setup.h"

#include <math.h>

#include "run/start.h"

#define PLAIN                                                                                      \
    TINY, "task.kind=linear_dynamics", "tokens.kind=raw", "model.keys_from=causal",                \
        "model.layers=softmax*", "model.depth=2", "model.embedding=6",                             \
        "model.output_embedding=true"
#define TUNED                                                                                      \
    PLAIN, "task.kind=few_shot", "task.context=5", "model.eos=2", "start.run=0123456789abcdef",    \
        "start.file=base.h5"

static void only_an_identity_names_a_run(void **state)
{
    (void)state;
    static const char *const refused[] = {"3f2", "0123456789ABCDEF", "0123456789abcdef0",
                                          "0123456789abcdeg", "NONE"};
    struct error err;
    assert_int_equal(start_check("none", &err), OK);
    assert_int_equal(start_check("0123456789abcdef", &err), OK);
    for (size_t i = 0; i < COUNT(refused); i++)
        assert_int_equal(start_check(refused[i], &err), ERR_CONFIG);
    assert_int_equal(start_check("3f2", &err), ERR_CONFIG);
    assert_string_equal(err.text, "'3f2' is no identity of a run, which has 16 digits 0-9a-f as "
                                  "'mesasweep table FILE.h5 --columns=run' shows them; or none");
    struct run_config config = CONFIG(TUNED), plain = CONFIG(PLAIN);
    assert_true(start_wanted(&config) && !start_wanted(&plain));
    assert_true(start_identity(&config) == UINT64_C(0x0123456789abcdef));
}

/* The final weights of a run, as a file has them. */
static float *kept_of(size_t *count, const struct run_config *config, const struct run_host *host)
{
    struct model model;
    assert_int_equal(run_check(config, &model, NULL), OK);
    struct done done = execute(config, 0, host);
    assert_int_equal(done.outcome, RUN_DONE);
    float *kept = malloc(model.parameters * sizeof *kept);
    *count = model.parameters;
    for (int i = 0; i < model.tensor_count; i++) {
        const struct part *part = part_of(&done.record, PART_TENSOR, i);
        memcpy(kept + model.tensors[i].offset, part_data(part), (size_t)part->bytes);
    }
    done_dispose(&done);
    return kept;
}

static void weights_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *setting, *message;
    } cases[] = {
        {"model.embedding=7", "start.run: 0123456789abcdef has a tensor query of layer 0 [6, 6], "
                              "this model query of layer 0 [7, 7]"},
        {"model.depth=1", "start.run: 0123456789abcdef has a tensor query of layer 1 [6, 6], this "
                          "model has none"},
        {"model.output_embedding=false",
         "start.run: 0123456789abcdef has a tensor output [6, 3], this model has none"},
        {"task.dimension=4", "start.run: 0123456789abcdef has a tensor embedding [3, 6], this "
                             "model embedding [4, 6]"},
    };
    static const char remedy[] = "; set the keys of its shape as in that run: 'mesasweep show "
                                 "base.h5 0123456789abcdef' lists them";
    struct run_config from = CONFIG(PLAIN);
    size_t count;
    float *kept = kept_of(&count, &from, NULL), weights[2000];
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct run_config config = CONFIG(TUNED, cases[i].setting);
        struct error err = {""};
        char message[400];
        snprintf(message, sizeof message, "%s%s", cases[i].message, remedy);
        assert_int_equal(start_map(weights, &config, &from, kept, count, &err), ERR_CONFIG);
        assert_string_equal(err.text, message);
    }
    struct run_config config = CONFIG(TUNED);
    struct error err = {""};
    assert_int_equal(start_map(weights, &config, &from, kept, count - 1, &err), ERR_CONFIG);
    assert_memory_equal(err.text, "start.run: 0123456789abcdef kept ", 33);
    free(kept);
}

static void a_run_gets_what_it_starts_from_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *setting;
        size_t count;
        const char *message;
    } cases[] = {{"start.run=0123456789abcdef", 0,
                  "start.run: 0 weights were given, a run from 0123456789abcdef has 93 to start "
                  "from"},
                 {"start.run=none", 3,
                  "start.run: 3 weights were given, a run from none has 0 to start from"}};
    static const float weights[3] = {0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct run_config config = CONFIG(TUNED, "model.embedding=3", cases[i].setting);
        struct run_host host = {.start = weights, .start_count = cases[i].count};
        struct record record = {0};
        struct error err = {""};
        enum run_outcome outcome;
        assert_int_equal(run_execute(&record, &outcome, &config, 0, &host, &err), ERR_CONFIG);
        assert_string_equal(err.text, cases[i].message);
    }
}

/* All that is frozen keeps the bits of the start; what the start does not have is drawn as without
 * one, and trains. */
static void only_what_is_not_frozen_moves_away_from_the_start(void **state)
{
    (void)state;
    struct run_config from = CONFIG(PLAIN), config = CONFIG(TUNED, "model.frozen=all except eos");
    struct run_config still = CONFIG(TUNED, "model.frozen=all", "start.run=none");
    struct model model;
    size_t count;
    float *kept = kept_of(&count, &from, NULL), *drawn = kept_of(&count, &still, NULL), start[2000];
    assert_int_equal(run_check(&config, &model, NULL), OK);
    assert_true(model.parameters <= COUNT(start));
    assert_int_equal(start_map(start, &config, &from, kept, count, NULL), OK);
    struct run_host host = {.start = start, .start_count = model.parameters};
    float *tuned = kept_of(&count, &config, &host);
    for (int i = 0; i < model.tensor_count; i++) {
        const struct tensor *tensor = &model.tensors[i];
        bool eos = strcmp(tensor->name, "eos") == 0;
        for (size_t j = tensor->offset; j < tensor->offset + tensor->count; j++) {
            assert_int_equal(isnan(start[j]), eos);
            assert_true(eos ? tuned[j] != drawn[j] : tuned[j] == start[j] && tuned[j] != drawn[j]);
        }
    }
    struct run_config none = CONFIG(TUNED, "model.frozen=all");
    float *same = kept_of(&count, &none, &host);
    for (size_t j = 0; j < model.parameters; j++)
        assert_true(same[j] == (isnan(start[j]) ? drawn[j] : start[j]));
    free(kept);
    free(drawn);
    free(tuned);
    free(same);
}

struct saved {
    unsigned char bytes[20000];
    size_t size;
    int asked;
};

static bool stops(void *context)
{
    return ++((struct saved *)context)->asked == 4;
}

static bool is_due(void *context, double share, bool stopping)
{
    (void)context, (void)share;
    return stopping;
}

static void saves(void *context, const unsigned char *bytes, size_t size)
{
    struct saved *saved = context;
    assert_true(size <= sizeof saved->bytes);
    memcpy(saved->bytes, bytes, size);
    saved->size = size;
}

static size_t restores(void *context, unsigned char *bytes, size_t size)
{
    struct saved *saved = context;
    memcpy(bytes, saved->bytes, saved->size < size ? saved->size : size);
    return saved->size;
}

/* What was saved goes on with its own weights, not with those of the start. */
static void a_started_run_that_goes_on_ends_with_the_same_bits(void **state)
{
    (void)state;
    struct run_config from = CONFIG(PLAIN), config = CONFIG(TUNED);
    static struct saved saved;
    size_t count;
    float *kept = kept_of(&count, &from, NULL), start[2000];
    assert_int_equal(start_map(start, &config, &from, kept, count, NULL), OK);
    struct model model;
    assert_int_equal(run_check(&config, &model, NULL), OK);
    struct run_host host = {.start = start, .start_count = model.parameters};
    struct done calm = execute(&config, 0, &host);
    host = (struct run_host){.context = &saved,
                             .start = start,
                             .start_count = model.parameters,
                             .stop = stops,
                             .identity = 5,
                             .restore = restores,
                             .due = is_due,
                             .save = saves};
    struct done stopped = execute(&config, 0, &host);
    assert_int_equal(stopped.outcome, RUN_STOPPED);
    struct done done = execute(&config, 0, &host);
    assert_int_equal(done.outcome, RUN_DONE);
    assert_int_equal(saved.asked, 10);
    assert_int_equal(done.record.used, calm.record.used);
    assert_memory_equal(done.record.memory, calm.record.memory, calm.record.used);
    done_dispose(&calm);
    done_dispose(&stopped);
    done_dispose(&done);
    free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_an_identity_names_a_run),
        cmocka_unit_test(weights_that_do_not_fit_are_refused),
        cmocka_unit_test(a_run_gets_what_it_starts_from_and_nothing_else),
        cmocka_unit_test(only_what_is_not_frozen_moves_away_from_the_start),
        cmocka_unit_test(a_started_run_that_goes_on_ends_with_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
