/* The record of a run, edited, on its way into a row of the result file. */
#include <unistd.h>

#include "../unit/store/files.h"
#include "../unit/store/fixture.h"
#include "edit.h"
#include "fuzz.h"

enum { RUNS = 5 }; /* runs of two classes of weights, and one that keeps none */

static struct store *store;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    void *state;
    struct error err = {""};
    struct roster roster = {.runs = RUNS,
                            .identity = fixture_roster_identity,
                            .key = fixture_key,
                            .given = fixture_given,
                            .column_count = FIXTURE_COLUMNS,
                            .column = fixture_column_name};
    (void)argc;
    (void)argv;
    if (folder_setup(&state))
        abort();
    const char *file = ((struct folder *)state)->file;
    fixture_create(file, RUNS);
    if (writer_open(&store, file, &roster, 0, &err) != OK)
        abort();
    folder_teardown(&state);
    return 0;
}

void fuzz_one(const uint8_t *data, size_t size)
{
    if (size == 0)
        return;
    int64_t run = data[0] % RUNS;
    struct record record = fixture_record(run);
    struct edited bytes = edited(record.memory, record.used, data + 1, size - 1);
    struct place place = writer_place(store, run);
    unsigned char *image = writer_image(store, run);
    struct error err = {""};
    if (!image)
        abort();
    expect_one_line(image_record(image, &store->map, place.class, store->columns,
                                 store->column_count, bytes.data, bytes.size, &err),
                    &err);
    free(image);
    free(bytes.data);
    free(record.memory);
}
