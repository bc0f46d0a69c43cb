#include "region.h"

#include <math.h>
#include <string.h>
#include <time.h>

/* Room for many small records, so that a child waits for its rank as rarely as can be. */
enum { RING_LEAST = 4 << 20 };

int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64_t ring_size(uint64_t largest)
{
    /* Twice: an entry never wraps, so up to one entry may be skipped at the end of the ring. */
    uint64_t twice = 2 * (sizeof(struct entry) + message_padded(largest) + sizeof(struct entry));
    return twice > RING_LEAST ? twice : RING_LEAST;
}

struct entry *ring_reserve(struct ring *ring, uint64_t bytes)
{
    uint64_t need = sizeof(struct entry) + message_padded(bytes);
    uint64_t head = atomic_load_explicit(&ring->control->head, memory_order_relaxed);
    uint64_t tail = atomic_load_explicit(&ring->control->tail, memory_order_acquire);
    uint64_t at = head % ring->bytes, rest = ring->bytes - at;
    uint64_t skip = rest < need ? rest : 0;
    if (ring->bytes - (head - tail) < skip + need)
        return NULL;
    if (skip >= sizeof(struct entry)) {
        struct entry *entry = (struct entry *)(ring->memory + at);
        *entry = (struct entry){.kind = ENTRY_SKIP, .bytes = (int64_t)(rest - sizeof *entry)};
    }
    if (skip)
        atomic_store_explicit(&ring->control->head, head + skip, memory_order_release);
    return (struct entry *)(ring->memory + (head + skip) % ring->bytes);
}

void ring_commit(struct ring *ring, const struct entry *entry)
{
    uint64_t head = atomic_load_explicit(&ring->control->head, memory_order_relaxed);
    head += sizeof *entry + message_padded((size_t)entry->bytes);
    atomic_store_explicit(&ring->control->head, head, memory_order_release);
}

/* Whether a child that is whole may have written this head. */
static bool is_entry(const struct entry *entry)
{
    if (!isfinite(entry->times.seconds) || entry->times.seconds < 0)
        return false;
    switch (entry->kind) {
    case ENTRY_SKIP:
        return true;
    case ENTRY_RECORD:
        return entry->outcome >= RUN_DONE && entry->outcome <= RUN_STOPPED;
    case ENTRY_ERROR:
        return entry->bytes <= (int64_t)sizeof(struct error);
    default:
        return false;
    }
}

const void *ring_read(struct ring *ring, struct entry *entry)
{
    for (;;) {
        uint64_t head = atomic_load_explicit(&ring->control->head, memory_order_acquire);
        uint64_t tail = atomic_load_explicit(&ring->control->tail, memory_order_relaxed);
        uint64_t at = tail % ring->bytes, rest = ring->bytes - at, filled = head - tail;
        *entry = (struct entry){.kind = filled ? ENTRY_BROKEN : ENTRY_SKIP};
        if (filled == 0 || filled > ring->bytes)
            return NULL;
        if (rest < sizeof *entry) { /* too little for a head: skipped without one */
            atomic_store_explicit(&ring->control->tail, tail + rest, memory_order_release);
            continue;
        }
        struct entry read;
        memcpy(&read, ring->memory + at, sizeof read);
        uint64_t most = filled < rest ? filled : rest;
        if (read.bytes < 0 || (uint64_t)read.bytes > most ||
            sizeof read + message_padded((size_t)read.bytes) > most || !is_entry(&read))
            return NULL;
        *entry = read;
        if (entry->kind != ENTRY_SKIP)
            return ring->memory + at + sizeof *entry;
        ring_release(ring, entry);
    }
}

void ring_release(struct ring *ring, const struct entry *entry)
{
    uint64_t tail = atomic_load_explicit(&ring->control->tail, memory_order_relaxed);
    tail += sizeof *entry + message_padded((size_t)entry->bytes);
    atomic_store_explicit(&ring->control->tail, tail, memory_order_release);
}
