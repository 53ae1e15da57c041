/* One side of a pair on libzmq in C: the work of Rogue's own transport (slaclab/rogue
 * src/rogue/interfaces/stream/TcpCore.cpp, Master.cpp, Pool.cpp, Frame.cpp), call for call on libzmq and lock for lock,
 * without what C++ adds to it: shared pointers, casts at run time, iterators, log lines. Every frame is one of its own
 * from a pool, given to a list of slaves, and goes as four parts that are copied in and out. Called, and spoken to, as
 * the Node peers are.
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
struct buffer {
  uint8_t *data;
  size_t size;
};

/* Its buffers are a list, as they may be many. */
struct frame {
  pthread_mutex_t lock;
  struct buffer **buffers;
  size_t buffer_count;
  uint16_t flags;
  uint8_t channel, error;
};

/* Held while a frame is used, and freed with that use. */
struct frame_lock {
  struct frame *frame;
};

typedef void (*slave)(struct frame *);

/* Whoever sends frames: a bridge or its user, each with one slave here. */
struct master {
  pthread_mutex_t lock;
  slave slaves[1];
  size_t slave_count;
};

/* Senders and receivers are threads of their own, so memory is counted under a lock. */
static struct {
  pthread_mutex_t lock;
  uint64_t bytes, buffers;
} pool = {PTHREAD_MUTEX_INITIALIZER, 0, 0};

static pthread_mutex_t bridge_lock = PTHREAD_MUTEX_INITIALIZER;
static void *push;
static uint64_t frames_counted, bytes_counted;

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

/* A frame of one buffer. */
static struct frame *new_frame(size_t length) {
  struct frame *frame = malloc(sizeof *frame);
  pthread_mutex_init(&frame->lock, NULL);
  frame->flags = frame->channel = frame->error = 0;
  pthread_mutex_lock(&pool.lock);
  struct buffer *buffer = malloc(sizeof *buffer);
  buffer->data = malloc(length);
  buffer->size = length;
  pool.bytes += length;
  pool.buffers += 1;
  pthread_mutex_unlock(&pool.lock);
  frame->buffers = malloc(sizeof *frame->buffers);
  frame->buffers[0] = buffer;
  frame->buffer_count = 1;
  return frame;
}

static void free_frame(struct frame *frame) {
  for (size_t i = 0; i < frame->buffer_count; i++) {
    struct buffer *buffer = frame->buffers[i];
    pthread_mutex_lock(&pool.lock);
    free(buffer->data);
    pool.bytes -= buffer->size;
    pool.buffers -= 1;
    pthread_mutex_unlock(&pool.lock);
    free(buffer);
  }
  free(frame->buffers);
  pthread_mutex_destroy(&frame->lock);
  free(frame);
}

static struct frame_lock *lock_frame(struct frame *frame) {
  struct frame_lock *lock = malloc(sizeof *lock);
  lock->frame = frame;
  pthread_mutex_lock(&frame->lock);
  return lock;
}

static void unlock_frame(struct frame_lock *lock) {
  pthread_mutex_unlock(&lock->frame->lock);
  free(lock);
}

/* Gives a frame to a copy of the list of slaves, which may change meanwhile, and frees it. */
static void give(struct master *master, struct frame *frame) {
  pthread_mutex_lock(&master->lock);
  size_t count = master->slave_count;
  slave *slaves = malloc(count * sizeof *slaves);
  memcpy(slaves, master->slaves, count * sizeof *slaves);
  pthread_mutex_unlock(&master->lock);
  for (size_t i = 0; i < count; i++) slaves[i](frame);
  free(slaves);
  free_frame(frame);
}

/* The bridge as a slave: sends. */
static void bridge_accept(struct frame *frame) {
  struct buffer *buffer = frame->buffers[0];
  struct frame_lock *lock = lock_frame(frame);
  pthread_mutex_lock(&bridge_lock);
  zmq_msg_t parts[4];
  zmq_msg_init_size(&parts[0], 2);
  zmq_msg_init_size(&parts[1], 1);
  zmq_msg_init_size(&parts[2], 1);
  zmq_msg_init_size(&parts[3], buffer->size);
  memcpy(zmq_msg_data(&parts[0]), &frame->flags, 2);
  memcpy(zmq_msg_data(&parts[1]), &frame->channel, 1);
  memcpy(zmq_msg_data(&parts[2]), &frame->error, 1);
  memcpy(zmq_msg_data(&parts[3]), buffer->data, buffer->size);
  for (int i = 0; i < 4; i++) {
    if (zmq_sendmsg(push, &parts[i], i == 3 ? 0 : ZMQ_SNDMORE) >= 0) continue;
    fprintf(stderr, "send: %s\n", zmq_strerror(zmq_errno()));
    exit(1);
  }
  pthread_mutex_unlock(&bridge_lock);
  unlock_frame(lock);
}

/* The receiver's slave: counts. */
static void count_frame(struct frame *frame) {
  struct frame_lock *lock = lock_frame(frame);
  frames_counted += 1;
  bytes_counted += frame->buffers[0]->size;
  unlock_frame(lock);
}

static struct master application = {PTHREAD_MUTEX_INITIALIZER, {bridge_accept}, 1};
static struct master bridge = {PTHREAD_MUTEX_INITIALIZER, {count_frame}, 1};

static void send_frame(void) {
  give(&application, new_frame(size));
}

/* Returns the size of the payload, -1 for a message that is no frame, -2 when none came in time. */
static long receive_frame(void *pull) {
  zmq_msg_t parts[4];
  for (int i = 0; i < 4; i++) zmq_msg_init(&parts[i]);
  int count = 0, more = 1;
  while (more) {
    if (zmq_recvmsg(pull, &parts[count < 3 ? count : 3], 0) < 0) return -2;
    count += 1;
    size_t more_size = sizeof more;
    zmq_getsockopt(pull, ZMQ_RCVMORE, &more, &more_size);
  }
  long result = -1;
  size_t length = zmq_msg_size(&parts[3]);
  if (count == 4 && length <= size && zmq_msg_size(&parts[0]) == 2 && zmq_msg_size(&parts[1]) == 1 &&
      zmq_msg_size(&parts[2]) == 1) {
    struct frame *frame = new_frame(length);
    memcpy(frame->buffers[0]->data, zmq_msg_data(&parts[3]), length);
    memcpy(&frame->flags, zmq_msg_data(&parts[0]), 2);
    memcpy(&frame->channel, zmq_msg_data(&parts[1]), 1);
    memcpy(&frame->error, zmq_msg_data(&parts[2]), 1);
    give(&bridge, frame);
    result = (long)length;
  }
  for (int i = 0; i < 4; i++) zmq_msg_close(&parts[i]);
  return result;
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
  push = open_socket(ZMQ_PUSH);
  attach(push, 0, port);
  for (long i = 0; i < warm_frames; i++) send_frame();
  order();
  double cpu = cpu_ms();
  for (long i = 0; i < frames; i++) send_frame();
  printf("{\"sent\":%ld,\"cpuMs\":%.3f}\n", frames, cpu_ms() - cpu);
}

static void echo(void) {
  void *pull = open_socket(ZMQ_PULL);
  push = open_socket(ZMQ_PUSH);
  attach(pull, 1, port);
  attach(push, 1, port + 1);
  puts("{\"ready\":true}");
  while (receive_frame(pull) >= 0) send_frame();
}

static void ping(void) {
  puts("{\"ready\":true}");
  order();
  void *pull = open_socket(ZMQ_PULL);
  push = open_socket(ZMQ_PUSH);
  attach(push, 0, port);
  attach(pull, 0, port + 1);
  double *micros = malloc(sizeof *micros * (size_t)frames);
  long wrong = 0, received = 0;
  for (long i = -warm_frames; i < frames; i++) {
    double started = now_ms();
    send_frame();
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
