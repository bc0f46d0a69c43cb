/* show.h - numbers for people, and cells set into aligned columns. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <stdint.h>
#include <stdio.h>

/* "1.5 KB", "24 MB": powers of 1000. */
void show_bytes(char *text, size_t size, double bytes);

/* "0.4 s", "38 s", "12 min", "3.5 hours", "2.1 days". */
void show_seconds(char *text, size_t size, double seconds);

/* At most five significant digits, whole numbers in full, "-" for what is not finite. */
void show_number(char *text, size_t size, double value);

/* The same with all five digits, also when the last ones are 0: for a column of measured numbers.
 */
void show_result(char *text, size_t size, double value);

/* A curve in at most SPARK_WIDTH characters, each the mean of its part of the finite values: from
 * ▁, the lowest, to █, the highest; of positive values by their logarithm. A blank: nothing finite.
 */
enum { SPARK_WIDTH = 60, SPARK_SIZE = 3 * SPARK_WIDTH + 1 };
void show_curve(char text[SPARK_SIZE], const double *values, int count);

/* A grid of cells that is printed with columns as wide as their widest cell. */
struct cells;
struct cells *cells_create(int columns);
void cells_destroy(struct cells *cells);

/* The next cell, row by row; the text is copied. */
void cells_add(struct cells *cells, const char *text);

/* `align` has a character a column: 'r' sets it to the right, 'l' to the left. */
void cells_print(const struct cells *cells, const char *align, const char *indent, FILE *to);

#endif
