/* walltime.h - when the job ends, as far as anyone says. */
#ifndef CLUSTER_WALLTIME_H
#define CLUSTER_WALLTIME_H

#include <stddef.h>

/* Seconds of a time in Slurm's forms: minutes, minutes:seconds, hours:minutes:seconds, days-hours,
 * days-hours:minutes, days-hours:minutes:seconds. 0 for any other text, and for no time at all. */
double walltime_seconds(const char *text);

/* The same the other way round, "36:00:00", for sbatch: whole minutes, rounded up. Returns `text`.
 */
char *walltime_text(char *text, size_t size, double seconds);

/* A moment that many seconds from now, as a launcher tells its ranks. Returns `text`. */
enum { WALLTIME_MOMENT = 128 };
char *walltime_moment(char text[WALLTIME_MOMENT], double seconds);

/* Seconds from now until the job of this process ends; 0: nobody says. The first of these that
 * says something counts: the launcher of this rank; `asked`, the value of --walltime (0: not
 * given); SLURM_JOB_END_TIME; `squeue`, which older versions of Slurm need,
 * asked by rank 0 only. Starts a
 * process: not after MPI_Init. */
double walltime_left(double asked);

#endif
