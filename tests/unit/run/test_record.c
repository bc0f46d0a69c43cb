/* Records: what is put in comes out, and bytes that are no record are noticed. */
#include "run/record.h"

#include <string.h>

#include "test.h"

static const int32_t shape[3] = {3, 1, 1};

static void parts_come_out_as_they_went_in(void **state)
{
    (void)state;
    _Alignas(8) unsigned char memory[256];
    struct record record = {memory, sizeof memory, 0};
    float curve[3] = {1, 2, 3};
    double number = 7;
    record_put(&record, PART_COLUMN, 4, shape, curve, sizeof curve);
    record_put(&record, PART_TENSOR, 0, (const int32_t[]){1, 1, 1}, &number, sizeof number);
    assert_int_equal(record.used, record_part_bytes(sizeof curve) + record_part_bytes(8));
    assert_int_equal(record.used % 8, 0);

    size_t at = 0;
    const struct part *part = record_next(memory, record.used, &at);
    assert_non_null(part);
    assert_int_equal(part->kind, PART_COLUMN);
    assert_int_equal(part->index, 4);
    assert_int_equal(part->shape[0], 3);
    assert_int_equal(part->bytes, 12);
    assert_memory_equal(part_data(part), curve, sizeof curve);
    part = record_next(memory, record.used, &at);
    assert_non_null(part);
    assert_int_equal(part->kind, PART_TENSOR);
    assert_memory_equal(part_data(part), &number, sizeof number);
    assert_null(record_next(memory, record.used, &at));
    assert_int_equal(at, record.used);
}

static void an_empty_record_has_no_parts(void **state)
{
    (void)state;
    _Alignas(8) unsigned char memory[8] = {0};
    size_t at = 0;
    assert_null(record_next(memory, 0, &at));
    assert_int_equal(at, 0);
}

/* Each case damages one number of the head of the second of two parts, or cuts bytes off. */
static const struct {
    const char *about;
    size_t member;
    int32_t value;
    size_t cut;
} damages[] = {
    {"kind", offsetof(struct part, kind), 2, 0},
    {"negative kind", offsetof(struct part, kind), -1, 0},
    {"negative index", offsetof(struct part, index), -1, 0},
    {"negative size", offsetof(struct part, bytes), -8, 0},
    {"too long", offsetof(struct part, bytes), 17, 0},
    {"huge", offsetof(struct part, bytes), INT32_MAX, 0},
    {"head cut", offsetof(struct part, index), 0, 24},
    {"data cut", offsetof(struct part, index), 0, 1},
};

static void damaged_records_end_before_their_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(damages); i++) {
        _Alignas(8) unsigned char memory[256];
        struct record record = {memory, sizeof memory, 0};
        double data[2] = {1, 2};
        record_put(&record, PART_COLUMN, 0, shape, data, sizeof data);
        size_t second = record.used, at = 0;
        record_put(&record, PART_COLUMN, 0, shape, data, sizeof data);
        memcpy(memory + second + damages[i].member, &damages[i].value, sizeof(int32_t));
        size_t used = record.used - damages[i].cut;
        assert_non_null(record_next(memory, used, &at));
        assert_null(record_next(memory, used, &at));
        assert_int_equal(at, second);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_come_out_as_they_went_in),
        cmocka_unit_test(an_empty_record_has_no_parts),
        cmocka_unit_test(damaged_records_end_before_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
