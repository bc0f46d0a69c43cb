#include "test.h"

#include <sys/stat.h>

#include "files.h"
#include "fixture.h"

static const struct dataset *find(const struct dataset *rows, int count, const char *group,
                                  const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(rows[i].group, group) == 0 && strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static void every_dataset_has_the_shape_of_its_axes(void **state)
{
    (void)state;
    static const struct {
        const char *group, *name;
        enum hdf_type type;
        int rank;
        int64_t size[4], row;
    } cases[] = {
        {"results", "run", HDF_TEXT, 1, {12}, 16},
        {"results", "target", HDF_TEXT, 1, {TARGETS}, 16},
        {"results", "layer", HDF_I32, 1, {LAYERS}, 4},
        {"results", "status", HDF_STATUS, 1, {12}, 1},
        {"results", "state", HDF_LETTER, 2, {12, 8}, 8},
        {"results", "checksum", HDF_U64, 1, {12}, 8},
        {"results", "model.shared", HDF_I8, 1, {12}, 1},
        {"results", "seed", HDF_I64, 1, {12}, 8},
        {"results", "tokens.kind", HDF_TEXT, 1, {12}, 16},
        {"results", "step", HDF_I64, 1, {EVALUATIONS}, 8},
        {"results", "train_loss", HDF_F32, 2, {12, EVALUATIONS}, 4 * EVALUATIONS},
        {"results", "ratio", HDF_F64, 1, {12}, 8},
        {"results", "probe_r2", HDF_F32, 4, {12, LAYERS, POSITIONS, TARGETS}, 96},
        {"log", "error", HDF_LETTER, 2, {12, 200}, 200},
        {"weights/L1_H1_K6_D4", "run", HDF_TEXT, 1, {5}, 16},
        {"weights/L1_H1_K6_D4/layer0", "query", HDF_F32, 3, {5, 4, 6}, 96},
        {"weights/L2_H1_K6_D4/layer1", "project", HDF_F32, 3, {5, 6, 4}, 96},
        {"weights/L2_H1_K6_D4", "scale", HDF_F32, 2, {5, 3}, 12},
    };
    struct layout layout;
    int count;
    fixture_fill(&layout, 12);
    struct dataset *rows = layout_datasets(&count, &layout);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct dataset *row = find(rows, count, cases[i].group, cases[i].name);
        assert_non_null(row);
        assert_int_equal(row->type, cases[i].type);
        assert_int_equal(row->rank, cases[i].rank);
        assert_int_equal(dataset_row_bytes(row), cases[i].row);
        for (int d = 0; d < row->rank; d++)
            assert_int_equal(row->size[d], cases[i].size[d]);
    }
    free(rows);
    layout_dispose(&layout);
}

/* netCDF opens a file only when a dataset has all its dimensions attached, or none. */
static void a_dataset_has_all_its_scales_or_none(void **state)
{
    (void)state;
    struct layout layout;
    int count;
    fixture_fill(&layout, 12);
    struct dataset *rows = layout_datasets(&count, &layout);
    for (int i = 0; i < count; i++) {
        int attached = 0;
        for (int d = 0; d < rows[i].rank; d++) {
            int scale = rows[i].scales[d];
            attached += scale >= 0;
            if (scale >= 0) {
                assert_true(scale < i && rows[scale].scale);
                assert_int_equal(rows[scale].size[0], rows[i].size[d]);
            }
        }
        bool weights = strncmp(rows[i].group, "weights", 7) == 0;
        assert_int_equal(attached, rows[i].scale || weights ? 0 : rows[i].rank);
    }
    free(rows);
    layout_dispose(&layout);
}

static void steps_have_a_row_for_each_run_only_when_they_differ(void **state)
{
    (void)state;
    struct layout layout;
    int count;
    fixture_fill(&layout, 12);
    layout.same_steps = false;
    struct dataset *rows = layout_datasets(&count, &layout);
    const struct dataset *step = find(rows, count, "results", "step");
    assert_int_equal(step->rank, 2);
    assert_int_equal(step->size[0], 12);
    free(rows);
    layout_dispose(&layout);
}

/* The free space is compared with the measure, so the file may be smaller, never larger. */
static void the_measure_is_at_least_the_file_and_not_much_more(void **state)
{
    const struct folder *folder = *state;
    struct layout layout;
    struct stat info;
    fixture_fill(&layout, 3000);
    int64_t measured = layout_measure(&layout, NULL, NULL);
    layout_dispose(&layout);
    fixture_create(folder->file, 3000);
    assert_int_equal(stat(folder->file, &info), 0);
    assert_in_range(measured, info.st_size, info.st_size * 5 / 4);
}

struct said {
    int64_t loss, summary, lines;
};

static void hear(void *context, const char *column, int64_t bytes)
{
    struct said *said = context;
    said->lines++;
    if (strcmp(column, "results/train_loss") == 0)
        said->loss = bytes;
    if (strcmp(column, "summary") == 0)
        said->summary = bytes;
}

static void the_bytes_of_each_column_are_told(void **state)
{
    (void)state;
    struct layout layout;
    struct said said = {0};
    fixture_fill(&layout, 10);
    layout_measure(&layout, hear, &said);
    layout_dispose(&layout);
    assert_int_equal(said.loss, 10 * EVALUATIONS * 4);
    /* identity 16, status 8, keys 4 + 8 + 8 letters + 1 + 8, three figures of 8 */
    assert_int_equal(said.summary, 10 * (16 + 8 + 29 + 24));
    assert_true(said.lines > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_dataset_has_the_shape_of_its_axes),
        cmocka_unit_test(a_dataset_has_all_its_scales_or_none),
        cmocka_unit_test(steps_have_a_row_for_each_run_only_when_they_differ),
        cmocka_unit_test_setup_teardown(the_measure_is_at_least_the_file_and_not_much_more,
                                        folder_setup, folder_teardown),
        cmocka_unit_test(the_bytes_of_each_column_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
