/* Time, processor time and memory of this process. */

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static void sleep_ms(long ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

/* Of all threads of this process, libzmq's among them. */
static double cpu_ms(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

/* Peak resident memory. Not ru_maxrss where there is a /proc: on Linux that includes the parent's before exec. */
static double peak_megabytes(void) {
  long kib = 0;
  char line[256];
  FILE *status = fopen("/proc/self/status", "r");
  if (status != NULL) {
    while (fgets(line, sizeof line, status) != NULL && sscanf(line, "VmHWM: %ld kB", &kib) != 1);
    fclose(status);
  }
  if (kib > 0) return kib * 1024 / 1e6;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
  return usage.ru_maxrss / 1e6;
#else
  return usage.ru_maxrss * 1024 / 1e6;
#endif
}
