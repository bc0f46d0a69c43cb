/* wire.h - messages over MPI, without ever waiting: sends and receipts are begun and tested.
 *
 * Messages of one sender arrive in the order in which they were sent. On rank 0 the rank and the
 * coordinator are two addresses; a message says for which of them it is.
 */
#ifndef CLUSTER_WIRE_H
#define CLUSTER_WIRE_H

#include "cluster/message.h"

#include "base/error.h"

/* Largest message: MPI counts in int. */
enum { WIRE_MOST = 1 << 30 };

enum address { TO_RANK, TO_COORDINATOR };

struct letter {
    int from, tag; /* enum message_tag */
    enum address address;
    size_t bytes;
    unsigned char *data; /* the reader's: free it */
};

struct wire;

enum status wire_create(struct wire **wire, struct error *err) MUST_CHECK;

/* What is still to be sent is forgotten. Safe on NULL. */
void wire_destroy(struct wire *wire);

/* Sends `head` and `body` as one message; both are copied. */
enum status wire_send(struct wire *wire, int to, enum address address, enum message_tag tag,
                      const void *head, size_t head_bytes, const void *body, size_t body_bytes,
                      struct error *err) MUST_CHECK;

/* Bytes that are not yet on their way. */
size_t wire_unsent(const struct wire *wire);

/* Moves everything on; *got when `letter` holds a whole message that is valid. One that is not
 * valid is ERR_MPI. */
enum status wire_receive(struct wire *wire, struct letter *letter, bool *got,
                         struct error *err) MUST_CHECK;

#endif
