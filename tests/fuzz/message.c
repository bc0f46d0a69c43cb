/* A message of each kind, edited, as it comes from another process: what is taken can be walked to
 * its end, and its configurations are read or refused. */
#include <unistd.h>

#include "../unit/store/files.h"
#include "bundle.h"
#include "edit.h"
#include "fuzz.h"

enum { KINDS = MSG_STOP };

static struct {
    const void *data;
    size_t size;
} messages[KINDS + 1];

/* A bundle of two runs, by those who send it. */
static struct bundle make_bundle(void)
{
    static const char sweep[] = "set: {train.steps: 60}\ngrid: {seed: [0, 1], model.depth: [1]}\n";
    void *state;
    struct bundle bundle = {0};
    struct plan *plan;
    struct store *store;
    struct error err = {""};
    char why[256];
    bool good =
        plan_parse(&plan, "s.yaml", sweep, strlen(sweep), &(struct plan_options){0}, &err) == OK &&
        folder_setup(&state) == 0;
    const struct folder *folder = good ? state : NULL;
    good = good && store_create(folder->file, plan, &(struct store_provenance){0}, &err) == OK &&
           store_look(&store, folder->file, plan, &err) == OK &&
           bundle_begin(&bundle, "/a/folder", &err) == OK;
    if (folder)
        folder_teardown(&state);
    for (int64_t run = 0; good && run < 2; run++) {
        struct bundle_order order = {plan, store, run, 1};
        good = bundle_add(&bundle, &order, &good, why, sizeof why, &err) == OK && good;
    }
    if (!good) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    store_close(store);
    plan_destroy(plan);
    return bundle;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static struct bundle bundle;
    static const struct message_ready ready = {
        .digest = 1, .results_version = 1, .host = "node017"};
    static const struct {
        struct message_record first;
        char body[24];
        struct message_record second;
    } records = {{.run = 0, .times.seconds = 1, .bytes = 20}, "a record", {.run = 1, .attempt = 1}};
    static const struct {
        struct message_progress head;
        struct message_point points[3];
    } progress = {.head = {.seconds = 2, .attempt = 1, .count = 3}};
    static const struct {
        struct message_failed head;
        char log[40];
    } failed = {{.times.seconds = 3, .attempt = 1, .log = 40, .text = "signal 11"}, "what it said"};
    static const struct message_trouble trouble = {.run = 1, .reason = 28};
    (void)argc;
    (void)argv;
    bundle = make_bundle();
#define KIND(tag, what, bytes) messages[tag].data = what, messages[tag].size = bytes
    KIND(MSG_READY, &ready, sizeof ready);
    KIND(MSG_RUN, bundle.data, bundle.used);
    KIND(MSG_RECORD, &records, sizeof records);
    KIND(MSG_PROGRESS, &progress, sizeof progress);
    KIND(MSG_FAILED, &failed, sizeof failed);
    KIND(MSG_TROUBLE, &trouble, sizeof trouble);
    KIND(MSG_DRAIN, "", 0);
    KIND(MSG_STOP, "", 0);
#undef KIND
    for (int tag = 1; tag <= KINDS; tag++)
        if (!message_valid(tag, messages[tag].data, messages[tag].size))
            abort();
    return 0;
}

/* Reads them all; the sanitizer sees what is outside. */
static uint64_t sum(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint64_t result = 0;
    for (size_t i = 0; i < size; i++)
        result += at[i];
    return result;
}

static uint64_t walk_run(const void *data, size_t size)
{
    const struct message_item *item;
    const char *folder = message_folder(data);
    uint64_t result = folder ? strlen(folder) : 0;
    size_t at = 0;
    while ((item = message_next_item(data, size, &at))) {
        struct run_config config;
        struct error err = {""};
        enum status status = plan_config_from(&config, (const char *)(item + 1), &err);
        expect_one_line(status, &err);
        if (status == OK)
            expect_one_line(run_check(&config, NULL, &err), &err);
        result += sum(message_weights(item), message_weights(item) ? (size_t)item->weights : 0);
    }
    return result;
}

static uint64_t walk(int tag, const void *data, size_t size)
{
    const struct message_record *record;
    const struct message_progress *progress = data;
    const struct message_failed *failed = data;
    uint64_t result = 0;
    size_t at = 0;
    switch (tag) {
    case MSG_READY:
        return strlen(((const struct message_ready *)data)->host);
    case MSG_RUN:
        return walk_run(data, size);
    case MSG_RECORD:
        while ((record = message_next_record(data, size, &at)))
            result += sum(record + 1, (size_t)record->bytes);
        return result;
    case MSG_PROGRESS:
        return sum(progress + 1, (size_t)progress->count * sizeof(struct message_point)) +
               (uint64_t)(progress->first + progress->count);
    case MSG_TROUBLE:
        return (uint64_t)((const struct message_trouble *)data)->trouble;
    case MSG_FAILED:
        return strlen(failed->text) + sum(failed + 1, (size_t)failed->log);
    default:
        return 0;
    }
}

void fuzz_one(const uint8_t *data, size_t size)
{
    if (size == 0)
        return;
    int tag = 1 + data[0] % KINDS;
    struct edited message = edited(messages[tag].data, messages[tag].size, data + 1, size - 1);
    if (message_valid(tag, message.data, message.size) &&
        walk(tag, message.data, message.size) == UINT64_MAX)
        abort(); /* no bytes have this sum: it is there for the walk to be carried out */
    free(message.data);
}
