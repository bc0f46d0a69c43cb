#include "wire.h"

#include <mpi.h>
#include <stdlib.h>
#include <string.h>

enum {
    RECEIPTS = 64,           /* messages that arrive at the same time */
    RECEIPT_BYTES = 1 << 28, /* beyond this many, the next one waits at its sender */
};

struct receipt {
    MPI_Request request;
    struct letter letter;
    bool complete;
};

struct sending {
    MPI_Request request;
    size_t bytes;
    struct sending *next;
    unsigned char data[];
};

struct wire {
    struct receipt receipts[RECEIPTS]; /* in the order of arrival */
    int receipt_count;
    size_t receipt_bytes, unsent;
    struct sending *first, **last;
};

static enum status refused(struct error *err, const char *what, int code)
{
    char text[MPI_MAX_ERROR_STRING];
    int length = 0;
    MPI_Error_string(code, text, &length);
    return error_set(err, ERR_MPI, "%s: %.*s", what, length, text);
}

enum status wire_create(struct wire **wire, struct error *err)
{
    struct wire *w = calloc(1, sizeof *w);
    if (!w)
        return error_set(err, ERR_MEMORY, "no memory for messages");
    w->last = &w->first;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    *wire = w;
    return OK;
}

void wire_destroy(struct wire *w)
{
    if (!w)
        return;
    for (struct sending *s = w->first, *next; s; s = next) {
        next = s->next;
        free(s);
    }
    for (int i = 0; i < w->receipt_count; i++)
        free(w->receipts[i].letter.data);
    free(w);
}

enum status wire_send(struct wire *w, int to, enum address address, enum message_tag tag,
                      const void *head, size_t head_bytes, const void *body, size_t body_bytes,
                      struct error *err)
{
    size_t bytes = head_bytes + body_bytes;
    if (bytes > WIRE_MOST)
        return error_set(err, ERR_MPI, "%s: %zu bytes are more than a message may have",
                         message_name((int)tag), bytes);
    struct sending *s = malloc(sizeof *s + bytes);
    if (!s)
        return error_set(err, ERR_MEMORY, "no memory for a message of %zu bytes", bytes);
    s->bytes = bytes;
    s->next = NULL;
    if (head_bytes)
        memcpy(s->data, head, head_bytes);
    if (body_bytes)
        memcpy(s->data + head_bytes, body, body_bytes);
    int code = MPI_Isend(s->data, (int)bytes, MPI_BYTE, to, 2 * (int)tag + (int)address,
                         MPI_COMM_WORLD, &s->request);
    if (code != MPI_SUCCESS) {
        free(s);
        return refused(err, message_name((int)tag), code);
    }
    *w->last = s;
    w->last = &s->next;
    w->unsent += bytes;
    return OK;
}

size_t wire_unsent(const struct wire *w)
{
    return w->unsent;
}

static enum status finish_sends(struct wire *w, struct error *err)
{
    for (struct sending **at = &w->first; *at;) {
        struct sending *s = *at;
        int done = 0, code = MPI_Test(&s->request, &done, MPI_STATUS_IGNORE);
        if (code != MPI_SUCCESS)
            return refused(err, "send", code);
        if (!done) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        if (w->last == &s->next)
            w->last = at;
        w->unsent -= s->bytes;
        free(s);
    }
    return OK;
}

/* Begins to receive the next message that has come, if there is room for one. */
static enum status begin_receipt(struct wire *w, bool *began, struct error *err)
{
    MPI_Message message;
    MPI_Status status;
    int found = 0, bytes = 0;
    *began = false;
    if (w->receipt_count == RECEIPTS || w->receipt_bytes > RECEIPT_BYTES)
        return OK;
    int code = MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &found, &message, &status);
    if (code != MPI_SUCCESS)
        return refused(err, "probe", code);
    if (!found)
        return OK;
    MPI_Get_count(&status, MPI_BYTE, &bytes);
    struct receipt *r = &w->receipts[w->receipt_count];
    unsigned char *data = malloc(bytes > 0 ? (size_t)bytes : 1);
    if (!data)
        return error_set(err, ERR_MEMORY, "no memory for a message of %d bytes", bytes);
    r->letter = (struct letter){
        .from = status.MPI_SOURCE,
        .tag = status.MPI_TAG / 2,
        .address = status.MPI_TAG % 2 ? TO_COORDINATOR : TO_RANK,
        .bytes = (size_t)bytes,
        .data = data,
    };
    r->complete = false;
    code = MPI_Imrecv(data, bytes, MPI_BYTE, &message, &r->request);
    if (code != MPI_SUCCESS) {
        free(data);
        return refused(err, "receive", code);
    }
    w->receipt_count++;
    w->receipt_bytes += (size_t)bytes;
    *began = true;
    return OK;
}

/* Index of the oldest complete receipt before which none of the same sender is incomplete; -1. */
static int oldest_complete(const struct wire *w)
{
    for (int i = 0; i < w->receipt_count; i++) {
        bool first = w->receipts[i].complete;
        for (int j = 0; j < i && first; j++)
            first = w->receipts[j].letter.from != w->receipts[i].letter.from;
        if (first)
            return i;
    }
    return -1;
}

static enum status test_receipts(struct wire *w, struct error *err)
{
    for (int i = 0; i < w->receipt_count; i++) {
        struct receipt *r = &w->receipts[i];
        int done = r->complete;
        int code = done ? MPI_SUCCESS : MPI_Test(&r->request, &done, MPI_STATUS_IGNORE);
        if (code != MPI_SUCCESS)
            return refused(err, "receive", code);
        r->complete = done != 0;
    }
    return OK;
}

enum status wire_receive(struct wire *w, struct letter *letter, bool *got, struct error *err)
{
    bool began = false;
    *got = false;
    enum status st = finish_sends(w, err);
    if (st == OK)
        st = begin_receipt(w, &began, err);
    if (st == OK)
        st = test_receipts(w, err);
    int i = st == OK ? oldest_complete(w) : -1;
    if (i < 0)
        return st;
    *letter = w->receipts[i].letter;
    w->receipt_count--;
    w->receipt_bytes -= letter->bytes;
    memmove(&w->receipts[i], &w->receipts[i + 1],
            (size_t)(w->receipt_count - i) * sizeof w->receipts[0]);
    if (!message_valid(letter->tag, letter->data, letter->bytes)) {
        free(letter->data);
        return error_set(err, ERR_MPI, "message %s of %zu bytes from rank %d is not valid",
                         message_name(letter->tag), letter->bytes, letter->from);
    }
    *got = true;
    return OK;
}
