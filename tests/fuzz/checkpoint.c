/* What an attempt left, as the next one finds it: a training that was stopped, with snapshots; its
 * bytes are edited and its checksums made anew. It is restored, or refused in one line and the run
 * starts anew: both end well. */
#include <fcntl.h>
#include <unistd.h>

#include "base/hash.h"
#include "checkpoint.h"
#include "edit.h"
#include "folder.h"
#include "fuzz.h"

/* Of the head of a training: where its checksum is, and what follows. */
enum { CHECKSUM = 48, BLOCK = CHECKSUM + 8, STOPS = 7, SNAPSHOTS = 2 };

enum { SPENT = 16 }; /* bytes behind those of a run: how long it took, with a checksum */

static struct {
    struct run_config config;
    unsigned char *saved;
    /* training: bytes of it; its snapshots with their checksum follow, up to `run`; size: of all */
    size_t training, run, size;
    struct checkpoint checkpoint;
} fixture;

static void take(void *context, const unsigned char *bytes, size_t size)
{
    (void)context;
    fixture.saved = malloc(size + SPENT);
    if (!fixture.saved)
        abort();
    memcpy(fixture.saved, bytes, size);
    fixture.run = size;
    fixture.size = size + SPENT;
}

static bool stop_later(void *context)
{
    return ++*(int *)context >= STOPS;
}

static bool stop_at_once(void *context)
{
    (void)context;
    return true;
}

static bool when_stopping(void *context, double share, bool stopping)
{
    (void)context;
    (void)share;
    return stopping;
}

static size_t restore(void *context, unsigned char *bytes, size_t size)
{
    int reason;
    (void)context;
    return checkpoint_read(&fixture.checkpoint, bytes, &reason, size);
}

static void refuse(void *context, const char *why)
{
    struct error err;
    (void)context;
    snprintf(err.text, sizeof err.text, "%s", why);
    expect_one_line(ERR_CONFIG, &err);
}

static void progress(void *context, int evaluation, float train_loss, float test_loss)
{
    (void)context;
    (void)train_loss;
    (void)test_loss;
    if (evaluation < 0 || evaluation >= fixture.config.train.evaluations)
        abort();
}

static void carry_out(const struct run_host *host)
{
    static uint64_t memory[1 << 13];
    struct record record = {(unsigned char *)memory, sizeof memory, 0};
    enum run_outcome outcome;
    struct error err = {""};
    if (run_record_bytes(&fixture.config, 0) > sizeof memory ||
        run_execute(&record, &outcome, &fixture.config, 0, host, &err) != OK)
        abort();
}

static void configure(void)
{
    static const char *const settings[][2] = {
        {"train.steps", "9"},       {"train.batch", "1"},    {"train.evaluations", "4"},
        {"evaluation.tasks", "1"},  {"task.dimension", "2"}, {"task.context", "2"},
        {"keep.weights", "at 3 5"},
    };
    struct error err = {""};
    schema_defaults(&run_schema, &fixture.config);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (schema_set(&run_schema, &fixture.config, schema_find(&run_schema, settings[i][0]),
                       settings[i][1], &err) != OK)
            abort();
}

static void remove_folder(void)
{
    unlink(fixture.checkpoint.path);
    rmdir(fixture.checkpoint.folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static char folder[FOLDER];
    struct model model;
    int asked = 0;
    (void)argc;
    (void)argv;
    configure();
    carry_out(&(struct run_host){
        .context = &asked, .stop = stop_later, .due = when_stopping, .save = take});
    if (!fixture.saved || run_check(&fixture.config, &model, NULL) != OK || !folder_make(folder))
        abort();
    fixture.training =
        fixture.run - sizeof(uint64_t) - SNAPSHOTS * model.parameters * sizeof(float);
    struct message_item item = {.identity = 1, .checkpoint = 60};
    if (!checkpoint_begin(&fixture.checkpoint, folder, &item, 0) || atexit(remove_folder) ||
        checkpoint_write(&fixture.checkpoint, fixture.saved, fixture.run))
        abort();
    int fd = open(fixture.checkpoint.path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, fixture.saved, fixture.size) != (ssize_t)fixture.size)
        abort();
    close(fd);
    return 0;
}

/* Where the sizes are still those of before. */
static void make_checksums(const struct edited *file)
{
    if (file->size != fixture.size)
        return;
    struct hash_xxh64 hash;
    hash_xxh64_begin(&hash, 0);
    hash_xxh64_add(&hash, file->data, CHECKSUM);
    hash_xxh64_add(&hash, file->data + BLOCK, fixture.training - BLOCK);
    uint64_t training = hash_xxh64_end(&hash);
    memcpy(file->data + CHECKSUM, &training, sizeof training);
    size_t snapshots = fixture.run - fixture.training - sizeof(uint64_t);
    uint64_t rest = hash_xxh64(file->data + fixture.training, snapshots, SNAPSHOTS);
    memcpy(file->data + fixture.training + snapshots, &rest, sizeof rest);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    if (size == 0)
        return;
    struct edited file = edited(fixture.saved, fixture.size, data + 1, size - 1);
    if (data[0] & 1)
        make_checksums(&file);
    int fd = open(fixture.checkpoint.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, file.data, file.size) != (ssize_t)file.size)
        abort();
    close(fd);
    carry_out(&(struct run_host){
        .progress = progress, .stop = stop_at_once, .restore = restore, .refuse = refuse});
    free(file.data);
}
