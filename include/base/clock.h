/* clock.h - seconds. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

/* Since some fixed moment, never going back: for durations and deadlines. Processes of one host
 * share the moment. */
double clock_monotonic(void);

/* Since 1970, as the host believes: for people and for other hosts. */
double clock_wall(void);

#endif
