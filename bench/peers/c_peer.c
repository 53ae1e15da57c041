/* One side of a pair on libzmq in C, which does the work of Rogue's transport (c_rogue.h). Called, and spoken to, as the
 * Node peers are.
 *
 *   c-peer receive|send|echo|ping PORT SIZE_BYTES WARM_FRAMES FRAMES LIMIT_MS
 *   c-peer flood PORT SIZE_BYTES WARM_FRAMES FRAMES LIMIT_MS DURATION_MS
 *   c-peer drain PORT SIZE_BYTES WARM_FRAMES FRAMES LIMIT_MS PAUSE_EVERY_FRAMES PAUSE_MS
 */

#include "c_measure.h"
#include "c_rogue.h"

static int port;
static size_t size;
static long warm_frames, frames;
static int limit_ms;
static void *context;
/* Of flood and drain. */
static long more[2];
/* A drain's report reads them on the thread of the parent's orders. */
static volatile long counted, wrong;

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

/* The receiver's slave: counts, and checks the size and that the first and the last byte are the frame's number. */
static void check_frame(struct frame *frame) {
  struct frame_lock *lock = lock_frame(frame);
  struct buffer *buffer = frame->buffers[0];
  uint8_t expected = (uint8_t)counted;
  wrong += buffer->size != size || buffer->data[0] != expected || buffer->data[size - 1] != expected;
  counted += 1;
  unlock_frame(lock);
}

static struct master application = {PTHREAD_MUTEX_INITIALIZER, {bridge_accept}, 1};
static struct master bridge = {PTHREAD_MUTEX_INITIALIZER, {check_frame}, 1};

/* Frame `sequence` is full of its number, from 0 on. */
static void send_frame(long sequence) {
  struct frame *frame = new_frame(size);
  memset(frame->buffers[0]->data, (int)(sequence & 0xff), size);
  give(&application, frame);
}

/* Receives one message; 0 if none came in time. */
static int take(void *pull) {
  enum arrival arrival = receive_frame(pull, &bridge);
  if (arrival == NO_FRAME) wrong += 1, counted += 1;
  return arrival != NOTHING_IN_TIME;
}

static void order(void) {
  char line[64];
  if (fgets(line, sizeof line, stdin) == NULL) exit(0);
}

static void receive(void) {
  void *pull = open_socket(ZMQ_PULL);
  attach(pull, 1, port);
  puts("{\"ready\":true}");
  double started = now_ms(), cpu = cpu_ms();
  while (counted < warm_frames && take(pull));
  puts("{\"warm\":true}");
  while (counted < warm_frames + frames && take(pull))
    if (counted == warm_frames + 1) started = now_ms(), cpu = cpu_ms();
  double elapsed = now_ms() - started;
  printf("{\"received\":%ld,\"wrong\":%ld,\"elapsedMs\":%.3f,\"cpuMs\":%.3f,\"peakMegabytes\":%.3f}\n",
         counted > warm_frames ? counted - warm_frames : 0, wrong, elapsed, cpu_ms() - cpu, peak_megabytes());
}

static void send_all(void) {
  puts("{\"ready\":true}");
  order();
  push = open_socket(ZMQ_PUSH);
  attach(push, 0, port);
  long sent = 0;
  while (sent < warm_frames) send_frame(sent++);
  order();
  double cpu = cpu_ms();
  while (sent < warm_frames + frames) send_frame(sent++);
  /* The receiver has every frame by now: libzmq's thread has done its part. */
  order();
  printf("{\"sent\":%ld,\"cpuMs\":%.3f,\"peakMegabytes\":%.3f}\n", sent, cpu_ms() - cpu, peak_megabytes());
}

/* As in Rogue: the bridge is its own slave. */
static void echo(void) {
  void *pull = open_socket(ZMQ_PULL);
  push = open_socket(ZMQ_PUSH);
  attach(pull, 1, port);
  attach(push, 1, port + 1);
  bridge.slaves[0] = bridge_accept;
  puts("{\"ready\":true}");
  while (take(pull));
}

static void ping(void) {
  puts("{\"ready\":true}");
  order();
  void *pull = open_socket(ZMQ_PULL);
  push = open_socket(ZMQ_PUSH);
  attach(push, 0, port);
  attach(pull, 0, port + 1);
  double *micros = malloc(sizeof *micros * (size_t)frames);
  long received = 0;
  for (long sequence = 0; sequence < warm_frames + frames; sequence++) {
    double started = now_ms();
    send_frame(sequence);
    if (!take(pull)) break;
    if (sequence >= warm_frames) micros[received++] = (now_ms() - started) * 1e3;
  }
  printf("{\"received\":%ld,\"wrong\":%ld,\"samplesMicros\":[", received, wrong);
  for (long i = 0; i < received; i++) printf(i == 0 ? "%.1f" : ",%.1f", micros[i]);
  puts("]}");
}

/* Sends for a given time; the clock starts when the first frame is accepted. */
static void flood(void) {
  puts("{\"ready\":true}");
  order();
  push = open_socket(ZMQ_PUSH);
  attach(push, 0, port);
  long sent = 0;
  send_frame(sent++);
  double started = now_ms(), cpu = cpu_ms(), elapsed = 0;
  puts("{\"started\":true}");
  while (elapsed < more[0]) {
    send_frame(sent++);
    elapsed = now_ms() - started;
  }
  printf("{\"sent\":%ld,\"elapsedMs\":%.3f,\"cpuMs\":%.3f,\"peakMegabytes\":%.3f}\n", sent, elapsed, cpu_ms() - cpu,
         peak_megabytes());
}

/* Reads slowly: pauses after a given number of frames. */
static void drain(void) {
  void *pull = open_socket(ZMQ_PULL);
  attach(pull, 1, port);
  puts("{\"ready\":true}");
  for (;;)
    if (take(pull) && counted % more[0] == 0) sleep_ms(more[1]);
}

static void report_drained(void) {
  printf("{\"received\":%ld,\"wrong\":%ld,\"peakMegabytes\":%.3f}\n", counted, wrong, peak_megabytes());
}

static void (*on_order)(void);

/* The parent is gone or wants no more: its end of stdin closes, and so does this process. */
static void *watch(void *unused) {
  (void)unused;
  for (int c; (c = fgetc(stdin)) != EOF;)
    if (c == '\n' && on_order != NULL) on_order();
  _Exit(0);
}

int main(int count, char **arguments) {
  if (count < 7 || count > 9) return 2;
  const char *role = arguments[1];
  port = atoi(arguments[2]);
  size = strtoull(arguments[3], NULL, 10);
  warm_frames = atol(arguments[4]);
  frames = atol(arguments[5]);
  limit_ms = atoi(arguments[6]);
  for (int i = 7; i < count; i++) more[i - 7] = atol(arguments[i]);
  context = zmq_ctx_new();
  setvbuf(stdout, NULL, _IOLBF, 1 << 16);
  int orders = strcmp(role, "send") == 0 || strcmp(role, "ping") == 0 || strcmp(role, "flood") == 0;
  if (strcmp(role, "drain") == 0) on_order = report_drained;
  pthread_t watcher;
  if (!orders) pthread_create(&watcher, NULL, watch, NULL);
  if (strcmp(role, "receive") == 0) receive();
  else if (strcmp(role, "send") == 0) send_all();
  else if (strcmp(role, "echo") == 0) echo();
  else if (strcmp(role, "flood") == 0) flood();
  else if (strcmp(role, "drain") == 0) drain();
  else ping();
  if (orders) watch(NULL);
  pthread_join(watcher, NULL);
  return 0;
}
