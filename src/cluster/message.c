#include "cluster/message.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    size_t head;
} kinds[] = {
    [MSG_READY] = {"READY", sizeof(struct message_ready)},
    [MSG_RUN] = {"RUN", sizeof(struct message_run)},
    [MSG_PROGRESS] = {"PROGRESS", sizeof(struct message_progress)},
    [MSG_RECORD] = {"RECORD", sizeof(struct message_record)},
    [MSG_FAILED] = {"FAILED", sizeof(struct message_failed)},
    [MSG_TROUBLE] = {"TROUBLE", sizeof(struct message_trouble)},
    [MSG_DRAIN] = {"DRAIN", 0},
    [MSG_STOP] = {"STOP", 0},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

const char *message_name(int tag)
{
    return tag > 0 && tag < KINDS ? kinds[tag].name : "?";
}

/* Place of the part with a head of `head` bytes at *at, whose length a caller reads from it. */
static const void *head_at(const void *data, size_t bytes, size_t at, size_t head)
{
    return at <= bytes && bytes - at >= head ? (const unsigned char *)data + at : NULL;
}

/* Moves *at over a head and its variable part; false when they do not lie inside. */
static bool pass(size_t *at, size_t bytes, size_t head, int64_t body)
{
    if (body < 0 || (uint64_t)body > bytes)
        return false;
    size_t whole = head + message_padded((size_t)body);
    if (whole > bytes - *at)
        return false;
    *at += whole;
    return true;
}

const char *message_folder(const struct message_run *run)
{
    return run->folder > 0 ? (const char *)(run + 1) : NULL;
}

const struct message_item *message_next_item(const void *data, size_t bytes, size_t *at)
{
    const struct message_run *run = data;
    if (*at == 0 && !pass(at, bytes, sizeof *run, run->folder))
        return NULL;
    const struct message_item *item = head_at(data, bytes, *at, sizeof *item);
    return item && pass(at, bytes, sizeof *item, item->text) && pass(at, bytes, 0, item->weights)
               ? item
               : NULL;
}

const void *message_weights(const struct message_item *item)
{
    const unsigned char *text = (const unsigned char *)(item + 1);
    return item->weights > 0 ? text + message_padded((size_t)item->text) : NULL;
}

const struct message_record *message_next_record(const void *data, size_t bytes, size_t *at)
{
    const struct message_record *record = head_at(data, bytes, *at, sizeof *record);
    return record && pass(at, bytes, sizeof *record, record->bytes) ? record : NULL;
}

const struct message_times message_not_begun = {0, NAN, NAN};

/* Of a clock that only goes forward. */
static bool is_time(double seconds)
{
    return isfinite(seconds) && seconds >= 0;
}

static bool run_valid(const void *data, size_t bytes)
{
    const struct message_run *run = data;
    const struct message_item *item;
    size_t at = 0;
    int32_t count = 0;
    if (run->folder < 0 || (size_t)run->folder > bytes - sizeof *run ||
        (run->folder > 0 && message_folder(run)[run->folder - 1]))
        return false;
    while ((item = message_next_item(data, bytes, &at)) != NULL) {
        if (item->text < 1 || ((const char *)(item + 1))[item->text - 1] || item->record_bytes < 0)
            return false;
        count++;
    }
    return at == bytes && count > 0 && count == run->count;
}

static bool records_valid(const void *data, size_t bytes)
{
    const struct message_record *record;
    size_t at = 0;
    while ((record = message_next_record(data, bytes, &at)))
        if (!is_time(record->times.seconds))
            return false;
    return at == bytes;
}

static bool progress_valid(const void *data, size_t bytes)
{
    const struct message_progress *progress = data;
    return progress->count >= 0 && progress->first >= 0 &&
           progress->first <= INT32_MAX - progress->count && is_time(progress->seconds) &&
           is_time(progress->earlier) &&
           bytes - sizeof *progress == (size_t)progress->count * sizeof(struct message_point);
}

static bool failed_valid(const void *data, size_t bytes)
{
    const struct message_failed *failed = data;
    return failed->log >= 0 && bytes - sizeof *failed == (size_t)failed->log &&
           failed->failure >= 0 && failed->failure < FAILURE_COUNT &&
           is_time(failed->times.seconds) && memchr(failed->text, 0, sizeof failed->text);
}

static bool trouble_valid(const void *data)
{
    const struct message_trouble *trouble = data;
    return trouble->trouble >= 0 && trouble->trouble < TROUBLE_COUNT;
}

static bool ready_valid(const void *data)
{
    const struct message_ready *ready = data;
    return memchr(ready->host, 0, sizeof ready->host);
}

bool message_valid(int tag, const void *data, size_t bytes)
{
    if (tag <= 0 || tag >= KINDS || bytes < kinds[tag].head)
        return false;
    switch ((enum message_tag)tag) {
    case MSG_READY:
        return ready_valid(data);
    case MSG_RUN:
        return run_valid(data, bytes);
    case MSG_RECORD:
        return records_valid(data, bytes);
    case MSG_PROGRESS:
        return progress_valid(data, bytes);
    case MSG_FAILED:
        return failed_valid(data, bytes);
    case MSG_TROUBLE:
        return trouble_valid(data);
    default:
        return true;
    }
}
