/*
 * measure.h - clocks, medians and lines `name value unit` for the benchmarks.
 *
 * A figure is the median over rounds; its spread is the distance between the
 * smallest and the largest, as a share of the median. Ratios are taken within
 * a round, so that a machine that slows down distorts them little.
 */
#ifndef GAVEL_TESTS_BENCH_MEASURE_H
#define GAVEL_TESTS_BENCH_MEASURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline double
measure_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Processor time of all threads. */
static inline double
measure_cpu(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline int
measure_compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Print the median and spread of v, which is sorted; returns the median. */
static inline double
measure_print(const char *name, double *v, size_t n, const char *unit)
{
    double median;

    qsort(v, n, sizeof(*v), measure_compare);
    median = n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
    printf("%s %.6g %s\n", name, median, unit);
    printf("%s_spread %.0f %%\n", name,
           median > 0 ? 100 * (v[n - 1] - v[0]) / median : 0.0);
    fflush(stdout);
    return median;
}

/* a[i] / b[i] of every round. Call it before a or b is sorted. */
static inline void
measure_ratio(const char *name, const double *a, const double *b, size_t n)
{
    double *r = calloc(n, sizeof(*r));

    if (r == NULL)
        exit(1);
    for (size_t i = 0; i < n; i++)
        r[i] = a[i] / b[i];
    measure_print(name, r, n, "x");
    free(r);
}

/* A number from the environment, or what there is without it. */
static inline unsigned long
measure_option(const char *name, unsigned long without)
{
    const char *text = getenv(name);

    return text != NULL && *text != '\0' ? strtoul(text, NULL, 10) : without;
}

#endif
