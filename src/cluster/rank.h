/* rank.h - what every rank does: keeps its nursery at work, reports to the coordinator. */
#ifndef CLUSTER_RANK_H
#define CLUSTER_RANK_H

#include "wire.h"

#include "cluster/nursery.h"

struct rank;

/* Owns the nursery from now on; borrows the wire. Says READY. On failure the nursery is the
 * caller's. */
enum status rank_create(struct rank **rank, struct nursery *nursery, struct wire *wire,
                        const struct message_ready *ready, struct error *err) MUST_CHECK;
void rank_destroy(struct rank *rank);

/* A message for this rank; takes the letter's data. */
enum status rank_letter(struct rank *rank, struct letter *letter, struct error *err) MUST_CHECK;

/* One look at everything, without waiting; *busy when something was done. */
enum status rank_turn(struct rank *rank, bool *busy, struct error *err) MUST_CHECK;

/* STOP has come and was answered. */
bool rank_stopped(const struct rank *rank);

/* Waits until the nursery has something to say, or that long. */
void rank_wait(struct rank *rank, double seconds);

#endif
