/* One side of a pair on libzmq in C: the work of Rogue's own transport, four parts a message, the payload copied
 * into a message to be sent and out of the one that was received. Called, and spoken to, as the Node peers are.
 *
 *   c-peer receive|send|echo|ping PORT SIZE_BYTES WARM_FRAMES FRAMES LIMIT_MS
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <pthread.h>
#include <zmq.h>

static int port;
static size_t size;
static long warm_frames, frames;
static int limit_ms;
static void *context;
static uint8_t *payload;
/* Read from each frame, so that the compiler cannot leave its copy out. */
static volatile uint8_t arrived;

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

/* Of all threads of this process, libzmq's among them. */
static double cpu_ms(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static void *open_socket(int type) {
  void *socket = zmq_socket(context, type);
  int zero = 0, one = 1;
  zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof zero);
  if (type == ZMQ_PUSH) zmq_setsockopt(socket, ZMQ_IMMEDIATE, &one, sizeof one);
  else zmq_setsockopt(socket, ZMQ_RCVTIMEO, &limit_ms, sizeof limit_ms);
  return socket;
}

static void attach(void *socket, int bind, int number) {
  char endpoint[64];
  snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", number);
  if ((bind ? zmq_bind(socket, endpoint) : zmq_connect(socket, endpoint)) == 0) return;
  fprintf(stderr, "%s: %s\n", endpoint, zmq_strerror(zmq_errno()));
  exit(1);
}

static void send_part(void *socket, const void *bytes, size_t length, int flags) {
  zmq_msg_t message;
  zmq_msg_init_size(&message, length);
  memcpy(zmq_msg_data(&message), bytes, length);
  if (zmq_msg_send(&message, socket, flags) >= 0) return;
  fprintf(stderr, "send: %s\n", zmq_strerror(zmq_errno()));
  exit(1);
}

static void send_frame(void *socket) {
  static const uint8_t header[2] = {0, 0};
  send_part(socket, header, 2, ZMQ_SNDMORE);
  send_part(socket, header, 1, ZMQ_SNDMORE);
  send_part(socket, header, 1, ZMQ_SNDMORE);
  send_part(socket, payload, size, 0);
}

/* Returns the size of the payload, -1 for a message that is no frame, -2 when none came in time. */
static long receive_frame(void *socket) {
  static const size_t header[3] = {2, 1, 1};
  long result = -1;
  int more = 1, good = 1;
  for (int parts = 0; more; parts++) {
    zmq_msg_t message;
    zmq_msg_init(&message);
    if (zmq_msg_recv(&message, socket, 0) < 0) return -2;
    more = zmq_msg_more(&message);
    size_t length = zmq_msg_size(&message);
    if (parts < 3) good = good && length == header[parts];
    else if (parts == 3 && length <= size) {
      /* A frame of its own for every message, as Rogue's receiver. */
      uint8_t *frame = malloc(length + 1);
      memcpy(frame, zmq_msg_data(&message), length);
      frame[length] = frame[0];
      arrived = frame[length];
      free(frame);
      result = (long)length;
    }
    zmq_msg_close(&message);
    if (!more && parts != 3) good = 0;
  }
  return good ? result : -1;
}

static void order(void) {
  char line[64];
  if (fgets(line, sizeof line, stdin) == NULL) exit(0);
}

static void receive(void) {
  void *pull = open_socket(ZMQ_PULL);
  attach(pull, 1, port);
  puts("{\"ready\":true}");
  long wrong = 0, received = 0;
  double started = now_ms(), cpu = cpu_ms();
  for (long i = 0; i < warm_frames; i++) wrong += receive_frame(pull) != (long)size;
  puts("{\"warm\":true}");
  while (received < frames) {
    long length = receive_frame(pull);
    if (length == -2) break;
    wrong += length != (long)size;
    if (received++ == 0) started = now_ms(), cpu = cpu_ms();
  }
  printf("{\"received\":%ld,\"wrong\":%ld,\"elapsedMs\":%.3f,\"cpuMs\":%.3f}\n", received, wrong,
         now_ms() - started, cpu_ms() - cpu);
}

static void send_all(void) {
  puts("{\"ready\":true}");
  order();
  void *push = open_socket(ZMQ_PUSH);
  attach(push, 0, port);
  for (long i = 0; i < warm_frames; i++) send_frame(push);
  order();
  double cpu = cpu_ms();
  for (long i = 0; i < frames; i++) send_frame(push);
  printf("{\"sent\":%ld,\"cpuMs\":%.3f}\n", frames, cpu_ms() - cpu);
}

static void echo(void) {
  void *pull = open_socket(ZMQ_PULL), *push = open_socket(ZMQ_PUSH);
  attach(pull, 1, port);
  attach(push, 1, port + 1);
  puts("{\"ready\":true}");
  while (receive_frame(pull) >= 0) send_frame(push);
}

static void ping(void) {
  puts("{\"ready\":true}");
  order();
  void *pull = open_socket(ZMQ_PULL), *push = open_socket(ZMQ_PUSH);
  attach(push, 0, port);
  attach(pull, 0, port + 1);
  double *micros = malloc(sizeof *micros * (size_t)frames);
  long wrong = 0, received = 0;
  for (long i = -warm_frames; i < frames; i++) {
    double started = now_ms();
    send_frame(push);
    long length = receive_frame(pull);
    if (length == -2) break;
    wrong += length != (long)size;
    if (i >= 0) micros[received++] = (now_ms() - started) * 1e3;
  }
  printf("{\"received\":%ld,\"wrong\":%ld,\"samplesMicros\":[", received, wrong);
  for (long i = 0; i < received; i++) printf(i == 0 ? "%.1f" : ",%.1f", micros[i]);
  puts("]}");
}

/* The parent is gone or wants no more: its end of stdin closes, and so does this process. */
static void *watch(void *unused) {
  (void)unused;
  while (fgetc(stdin) != EOF);
  _Exit(0);
}

int main(int count, char **arguments) {
  if (count != 7) return 2;
  const char *role = arguments[1];
  port = atoi(arguments[2]);
  size = strtoull(arguments[3], NULL, 10);
  warm_frames = atol(arguments[4]);
  frames = atol(arguments[5]);
  limit_ms = atoi(arguments[6]);
  payload = calloc(1, size + 1);
  context = zmq_ctx_new();
  setvbuf(stdout, NULL, _IOLBF, 1 << 16);
  int orders = strcmp(role, "send") == 0 || strcmp(role, "ping") == 0;
  pthread_t watcher;
  if (!orders) pthread_create(&watcher, NULL, watch, NULL);
  if (strcmp(role, "receive") == 0) receive();
  else if (strcmp(role, "send") == 0) send_all();
  else if (strcmp(role, "echo") == 0) echo();
  else ping();
  if (orders) watch(NULL);
  pthread_join(watcher, NULL);
  return 0;
}
