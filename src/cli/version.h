/* version.h - what this program was made from; the text comes from src/cmake/version.cmake. */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

struct version {
    const char *number; /* "0.1.0" */
    const char *commit; /* short hash, "-dirty" when the tree had changes; "unknown" without git */
    const char *compiler; /* name, version and flags */
};

extern const struct version version;

#endif
