#include "test.h"

#include "sizes.h"

static void the_kept_answer_is_used_only_where_it_is_the_same(void **state)
{
    (void)state;
    struct run_config config;
    struct sizes sizes = {0};
    schema_defaults(&run_schema, &config);
    static const int depths[] = {1, 1, 2, 2, 1};
    for (size_t i = 0; i < COUNT(depths); i++) {
        config.model.depth = depths[i];
        config.seed = (int64_t)i;
        for (uint64_t analyses = 0; analyses < 2; analyses++) {
            sizes_of(&sizes, &config, analyses);
            assert_int_equal(sizes.record, run_record_bytes(&config, analyses));
            assert_int_equal(sizes.memory, run_memory(&config, analyses));
            assert_true(sizes.cost == run_cost(&config, analyses));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kept_answer_is_used_only_where_it_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
