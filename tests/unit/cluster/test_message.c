#include "test.h"

#include <string.h>

#include "cluster/message.h"

struct bundle {
    struct message_run head;
    char folder[16];
    struct message_item first;
    char first_text[16];
    struct message_item second;
    char second_text[8];
};

static struct bundle bundle(void)
{
    return (struct bundle){
        .head = {.count = 2, .folder = 11},
        .folder = "/some/name",
        .first = {.run = 7, .record_bytes = 100, .attempt = 1, .text = 10},
        .first_text = "seed=1\nxx",
        .second = {.run = 8, .record_bytes = 100, .attempt = 2, .text = 8},
        .second_text = "seed=2\n",
    };
}

static void what_is_cut_or_false_is_refused(void **state)
{
    (void)state;
    struct bundle b = bundle();
    assert_true(message_valid(MSG_RUN, &b, sizeof b));
    for (size_t bytes = 0; bytes < sizeof b; bytes++)
        assert_false(message_valid(MSG_RUN, &b, bytes));
    b.head.count = 3;
    assert_false(message_valid(MSG_RUN, &b, sizeof b));
    b = bundle();
    b.second.text = 1 << 30;
    assert_false(message_valid(MSG_RUN, &b, sizeof b));
    b.second.text = -1;
    assert_false(message_valid(MSG_RUN, &b, sizeof b));
    b.second.text = INT32_MAX; /* rounding up to 8 must not overflow */
    assert_false(message_valid(MSG_RUN, &b, sizeof b));
    b = bundle();
    b.second_text[7] = 'x'; /* no NUL at the end */
    assert_false(message_valid(MSG_RUN, &b, sizeof b));
    b = bundle();
    b.folder[10] = 'x';
    assert_false(message_valid(MSG_RUN, &b, sizeof b));
    static const int32_t wrong[] = {-1, 17, sizeof b, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        b.head.folder = wrong[i];
        assert_false(message_valid(MSG_RUN, &b, sizeof b));
    }
    static const int64_t weights[] = {-1, 1, 8, INT64_MAX, INT64_MIN}; /* there are none */
    for (size_t i = 0; i < COUNT(weights); i++) {
        b = bundle();
        b.second.weights = weights[i];
        assert_false(message_valid(MSG_RUN, &b, sizeof b));
    }
    b = bundle();
    b.first.record_bytes = -1;
    assert_false(message_valid(MSG_RUN, &b, sizeof b));
    assert_false(message_valid(0, &b, sizeof b));
    assert_false(message_valid(99, &b, sizeof b));
}

static void weights_lie_behind_the_text(void **state)
{
    (void)state;
    struct {
        struct message_run head;
        struct message_item item;
        char text[8];
        float weights[3];
        char padding[4];
    } m = {.head = {.count = 1}, .item = {.text = 8, .weights = 12}, .weights = {1, 2, 3}};
    size_t at = 0;
    assert_true(message_valid(MSG_RUN, &m, sizeof m));
    const struct message_item *item = message_next_item(&m, sizeof m, &at);
    assert_int_equal(at, sizeof m);
    assert_ptr_equal(message_weights(item), m.weights);
    m.item.weights = 0;
    assert_null(message_weights(&m.item));
}

static void records_are_refused_when_a_length_points_outside(void **state)
{
    (void)state;
    struct {
        struct message_record head;
        char body[24];
    } m = {.head = {.run = 1, .bytes = 24}};
    assert_true(message_valid(MSG_RECORD, &m, sizeof m));
    static const int64_t wrong[] = {-1, 25, 32, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        m.head.bytes = wrong[i];
        assert_false(message_valid(MSG_RECORD, &m, sizeof m));
    }
    m.head.bytes = 17; /* padded to 24 */
    assert_true(message_valid(MSG_RECORD, &m, sizeof m));
}

/* NaN or a negative number would spoil what the coordinator expects of other runs. */
static void times_are_those_of_a_clock(void **state)
{
    (void)state;
    static const double wrong[] = {-1, -1e300, 1.0 / 0.0, 0.0 / 0.0};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct message_record record = {.times.seconds = wrong[i]};
        struct message_progress progress = {.seconds = wrong[i]};
        struct message_progress earlier = {.earlier = wrong[i]};
        struct message_failed failed = {.times.seconds = wrong[i]};
        assert_false(message_valid(MSG_RECORD, &record, sizeof record));
        assert_false(message_valid(MSG_PROGRESS, &progress, sizeof progress));
        assert_false(message_valid(MSG_PROGRESS, &earlier, sizeof earlier));
        assert_false(message_valid(MSG_FAILED, &failed, sizeof failed));
    }
}

static void points_have_numbers(void **state)
{
    (void)state;
    struct {
        struct message_progress head;
        struct message_point points[2];
    } m = {.head = {.first = INT32_MAX - 2, .count = 2}};
    assert_true(message_valid(MSG_PROGRESS, &m, sizeof m));
    m.head.first++;
    assert_false(message_valid(MSG_PROGRESS, &m, sizeof m));
}

static void a_failure_must_be_of_a_known_kind_and_its_text_must_end(void **state)
{
    (void)state;
    struct message_failed m = {.failure = FAILURE_TIME};
    assert_true(message_valid(MSG_FAILED, &m, sizeof m));
    m.failure = FAILURE_COUNT;
    assert_false(message_valid(MSG_FAILED, &m, sizeof m));
    m.failure = FAILURE_CRASH;
    m.log = 1;
    assert_false(message_valid(MSG_FAILED, &m, sizeof m));
    m.log = 0;
    memset(m.text, 'x', sizeof m.text);
    assert_false(message_valid(MSG_FAILED, &m, sizeof m));
}

static void a_trouble_must_be_of_a_known_kind(void **state)
{
    (void)state;
    for (int kind = -1; kind <= TROUBLE_COUNT; kind++) {
        struct message_trouble m = {.trouble = kind};
        assert_int_equal(message_valid(MSG_TROUBLE, &m, sizeof m),
                         kind >= 0 && kind < TROUBLE_COUNT);
    }
}

static void the_items_of_a_bundle_come_out_in_order(void **state)
{
    (void)state;
    struct bundle b = bundle();
    size_t at = 0;
    assert_string_equal(message_folder(&b.head), "/some/name");
    const struct message_item *item = message_next_item(&b, sizeof b, &at);
    assert_int_equal(item->run, 7);
    assert_string_equal((const char *)(item + 1), "seed=1\nxx");
    item = message_next_item(&b, sizeof b, &at);
    assert_int_equal(item->run, 8);
    assert_string_equal((const char *)(item + 1), "seed=2\n");
    assert_null(message_next_item(&b, sizeof b, &at));
}

static void a_tag_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(message_name(MSG_READY), "READY");
    assert_string_equal(message_name(MSG_STOP), "STOP");
    assert_string_equal(message_name(0), "?");
    assert_string_equal(message_name(MSG_STOP + 1), "?");
    assert_string_equal(message_name(-1), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_cut_or_false_is_refused),
        cmocka_unit_test(weights_lie_behind_the_text),
        cmocka_unit_test(records_are_refused_when_a_length_points_outside),
        cmocka_unit_test(a_failure_must_be_of_a_known_kind_and_its_text_must_end),
        cmocka_unit_test(times_are_those_of_a_clock),
        cmocka_unit_test(points_have_numbers),
        cmocka_unit_test(a_trouble_must_be_of_a_known_kind),
        cmocka_unit_test(the_items_of_a_bundle_come_out_in_order),
        cmocka_unit_test(a_tag_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
