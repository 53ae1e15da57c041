/* The work of Rogue's own transport (slaclab/rogue src/rogue/interfaces/stream/TcpCore.cpp, Master.cpp, Pool.cpp,
 * Frame.cpp), call for call on libzmq and lock for lock, without what C++ adds to it: shared pointers, casts at run time,
 * iterators, log lines. Every frame has memory of its own from a pool, is given to a list of slaves, and goes as four
 * parts that are copied in and out.
 */

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

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

enum arrival { A_FRAME, NO_FRAME, NOTHING_IN_TIME };

/* Receives one message; gives it to the slaves of `bridge` if it is a frame. */
static enum arrival receive_frame(void *pull, struct master *bridge) {
  zmq_msg_t parts[4];
  for (int i = 0; i < 4; i++) zmq_msg_init(&parts[i]);
  int count = 0, more = 1;
  while (more) {
    if (zmq_recvmsg(pull, &parts[count < 3 ? count : 3], 0) < 0) return NOTHING_IN_TIME;
    count += 1;
    size_t more_size = sizeof more;
    zmq_getsockopt(pull, ZMQ_RCVMORE, &more, &more_size);
  }
  enum arrival result = NO_FRAME;
  size_t length = zmq_msg_size(&parts[3]);
  if (count == 4 && zmq_msg_size(&parts[0]) == 2 && zmq_msg_size(&parts[1]) == 1 &&
      zmq_msg_size(&parts[2]) == 1) {
    struct frame *frame = new_frame(length);
    memcpy(frame->buffers[0]->data, zmq_msg_data(&parts[3]), length);
    memcpy(&frame->flags, zmq_msg_data(&parts[0]), 2);
    memcpy(&frame->channel, zmq_msg_data(&parts[1]), 1);
    memcpy(&frame->error, zmq_msg_data(&parts[2]), 1);
    give(bridge, frame);
    result = A_FRAME;
  }
  for (int i = 0; i < 4; i++) zmq_msg_close(&parts[i]);
  return result;
}
