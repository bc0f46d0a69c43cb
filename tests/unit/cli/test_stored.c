#include "stored.h"

#include <string.h>

#include "../store/files.h"
#include "store/store.h"
#include "test.h"

/* A list of a fixed length dropped what came behind its 256th without a word. */
static void every_setting_of_the_command_line_comes_back(void **state)
{
    enum { MANY = 300 };
    const struct folder *folder = *state;
    static const char sweep[] = "name: sweep\nset: {train: {steps: 1, evaluations: 2}}\n";
    static char settings[MANY][32];
    const char *overrides[MANY];
    for (int i = 0; i < MANY; i++) {
        snprintf(settings[i], sizeof settings[i], "seed=%d", i);
        overrides[i] = settings[i]; /* the last one wins */
    }
    struct plan_options options = {.overrides = overrides, .override_count = MANY};
    struct plan *plan, *again;
    struct error err = {""};
    assert_int_equal(plan_parse(&plan, "sweep", sweep, strlen(sweep), &options, &err), OK);
    assert_int_equal(store_create(folder->file, plan, &(struct store_provenance){0}, &err), OK);
    assert_int_equal(stored_plan(&again, folder->file, &err), OK);
    assert_true(plan_identity(again, 0) == plan_identity(plan, 0));
    assert_string_equal(plan_overrides(again), plan_overrides(plan));
    plan_destroy(plan);
    plan_destroy(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_setting_of_the_command_line_comes_back, folder_setup,
                                        folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
