/* The ring of records as a rank finds it when its engine child crashed while it wrote. */
#include "edit.h"
#include "fuzz.h"
#include "region.h"

enum { BYTES = 1024 };

/* Two records and an error as a child leaves them, the third behind the end of the ring. */
static void fill(struct ring *ring)
{
    static const int32_t bodies[] = {400, 300, 200};
    for (int i = 0; i < 3; i++) {
        struct entry *entry = ring_reserve(ring, (uint64_t)bodies[i]);
        struct entry read;
        if (!entry)
            abort();
        *entry = (struct entry){.kind = i == 2 ? ENTRY_ERROR : ENTRY_RECORD,
                                .item = i,
                                .outcome = i == 2 ? ERR_CONFIG : RUN_DONE,
                                .bytes = bodies[i]};
        memset(entry + 1, 'a' + i, (size_t)bodies[i]);
        ring_commit(ring, entry);
        if (i == 0 && ring_read(ring, &read))
            ring_release(ring, &read);
    }
}

static void expect_entry(const struct entry *entry, const unsigned char *body)
{
    uint64_t sum = 0;
    if ((entry->kind != ENTRY_RECORD && entry->kind != ENTRY_ERROR) || entry->bytes < 0)
        abort();
    for (int64_t i = 0; i < entry->bytes; i++)
        sum += body[i];
    if (entry->kind == ENTRY_ERROR && entry->bytes > (int64_t)sizeof(struct error))
        abort();
    if (!(entry->times.seconds >= 0) || sum > (uint64_t)entry->bytes * 255)
        abort();
}

void fuzz_one(const uint8_t *data, size_t size)
{
    static struct control control;
    if (size < 2)
        return;
    unsigned char *memory = calloc(1, BYTES);
    if (!memory)
        abort();
    struct ring ring = {&control, memory, BYTES};
    control.head = control.tail = 0;
    fill(&ring);
    struct edited bytes = edited(memory, BYTES, data + 2, size - 2);
    free(memory);
    edit_resize(&bytes, BYTES, 0);
    ring.memory = bytes.data;
    control.head += data[0] * (uint64_t)(data[1] % 16); /* as far as the child says that it wrote */
    struct entry entry;
    const void *body;
    int read = 0;
    while ((body = ring_read(&ring, &entry))) {
        expect_entry(&entry, body);
        ring_release(&ring, &entry);
        if (++read > BYTES)
            abort();
    }
    free(bytes.data);
}
