/* signals.h - USR1, TERM and INT ask for a drain. */
#ifndef CLUSTER_SIGNALS_H
#define CLUSTER_SIGNALS_H

/* From now on these signals only set a flag. */
void signals_catch(void);

/* How many have come. */
int signals_seen(void);

#endif
