/* coordinator.h - rank 0: hears all ranks, asks the scheduler what to do, writes to the store.
 * Knows no science: a record is bytes for the store. */
#ifndef CLUSTER_COORDINATOR_H
#define CLUSTER_COORDINATOR_H

#include "wire.h"

#include "cluster/cluster.h"

struct coordinator;

struct coordinator_options {
    const struct cluster_options *cluster;
    const struct message_ready *ready; /* of rank 0 */
    int ranks;
};

enum status coordinator_create(struct coordinator **coordinator, struct wire *wire,
                               const struct coordinator_options *options,
                               struct error *err) MUST_CHECK;

/* Closes the store; the plan is the caller's. */
void coordinator_destroy(struct coordinator *coordinator);

/* Opens the file and takes up the runs that are not done. A run that failed in an earlier job is
 * tried again, with fresh attempts. */
enum status coordinator_open(struct coordinator *coordinator, const struct plan *plan,
                             struct error *err) MUST_CHECK;

/* A message for the coordinator; takes the letter's data. */
enum status coordinator_letter(struct coordinator *coordinator, struct letter *letter,
                               struct error *err) MUST_CHECK;

/* One look at everything, without waiting (but for the last sync); *busy when something was done.
 */
enum status coordinator_turn(struct coordinator *coordinator, bool *busy,
                             struct error *err) MUST_CHECK;

/* Tells every rank to leave; for the end in good order and for every other. */
enum status coordinator_stop(struct coordinator *coordinator, struct error *err) MUST_CHECK;

/* Exit code of a sweep that ended in good order. */
int coordinator_code(const struct coordinator *coordinator);

/* All ranks have said their last message; or 10 s have passed since they were told. */
bool coordinator_alone(const struct coordinator *coordinator);
bool coordinator_overdue(const struct coordinator *coordinator);

#endif
