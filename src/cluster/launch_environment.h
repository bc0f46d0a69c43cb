/* launch_environment.h - what a launcher tells its ranks through the environment. */
#ifndef CLUSTER_LAUNCH_ENVIRONMENT_H
#define CLUSTER_LAUNCH_ENVIRONMENT_H

#define LAUNCH_WIDTH "MESASWEEP_TERMINAL" /* columns of the launcher's terminal; ranks see none */
#define LAUNCH_END "MESASWEEP_END"        /* when the job ends: walltime_moment */

/* Columns of the terminal that hears this process; 0: none. */
int launch_terminal_width(void);

#endif
